import { appUser, instance } from '../cloud.ts';
import { freePort } from '../free-port.ts';
import type { ProxyProcess } from './proxy-process.ts';

/** A URL of a database behind the proxy, for the IAM user. */
export function proxyUrl(proxy: ProxyProcess, name: string = instance): string {
  return `postgresql://${encodeURIComponent(appUser)}@${proxy.at(name)}/orders`;
}

/** An instance on a port that nobody else has. */
export async function onPort(name: string = instance, parameters = 'auto-iam-authn=true'): Promise<string> {
  return `${name}?port=${await freePort()}&${parameters}`;
}

/** What an HTTP server of the proxy answers. */
export async function get(address: string, route: string): Promise<[status: number, body: string]> {
  const response = await fetch(`http://${address}${route}`);
  return [response.status, await response.text()];
}
