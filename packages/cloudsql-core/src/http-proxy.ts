import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { isLoopback } from './http.ts';

/** What a request tells the agent besides what Node knows; Node keeps its `signal` to itself. */
export interface TunnelOptions {
  /** Fires when nobody wants the tunnel any more. */
  readonly giveUp?: AbortSignal;
}

/** How long a proxy may stay silent before it has opened a tunnel, in milliseconds. */
const silenceMs = 30_000;

/**
 * An agent that reaches an https API through the proxy that HTTPS_PROXY names, by HTTP CONNECT; undefined where none
 * is to be used. TLS runs from end to end: the proxy sees the host name and nothing else.
 */
export function proxyAgent(url: URL, env: NodeJS.ProcessEnv = process.env): https.Agent | undefined {
  const value = env.HTTPS_PROXY || env.https_proxy;
  if (!value || url.protocol !== 'https:' || isLoopback(url.hostname) || excluded(url.hostname, env)) return undefined;
  const address = value.includes('://') ? value : `http://${value}`;
  // The error of `new URL` would hold the proxy's password.
  if (!URL.canParse(address)) throw new Error('HTTPS_PROXY is not a URL');
  const proxy = new URL(address);
  const agent = new https.Agent({ keepAlive: true });
  type Created = (error: Error | null, socket?: tls.TLSSocket) => void;
  const createConnection = (options: tls.ConnectionOptions & TunnelOptions, done: Created): void => {
    const { giveUp, ...others } = options;
    const connect = tunnel(proxy, url, giveUp);
    connect.setTimeout(silenceMs, () => connect.destroy(new Error(`the proxy ${proxy.host} does not answer`)));
    connect.on('error', done).on('socket', (socket) => socket.unref());
    connect.on('connect', (answer: http.IncomingMessage, socket: tls.TLSSocket) => {
      if (answer.statusCode === 200) {
        socket.setTimeout(0);
        done(null, tls.connect({ ...others, socket, servername: url.hostname }));
        return;
      }
      socket.destroy();
      done(new Error(`the proxy ${proxy.host} answered ${answer.statusCode}`));
    });
    connect.end();
  };
  return Object.assign(agent, { createConnection });
}

function tunnel(proxy: URL, target: URL, signal: AbortSignal | undefined): http.ClientRequest {
  const { request } = proxy.protocol === 'https:' ? https : http;
  const login = proxy.username && `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const path = `${target.hostname}:${target.port || 443}`;
  return request({
    host: proxy.hostname,
    port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
    method: 'CONNECT',
    path,
    headers: { Host: path, ...(login && { 'Proxy-Authorization': `Basic ${Buffer.from(login).toString('base64')}` }) },
    agent: false,
    signal,
    // The proxy's own password is among what is sent.
    rejectUnauthorized: true,
  } as https.RequestOptions);
}

/** Whether NO_PROXY names a host: by name, domain, address or network (`10.0.0.0/8`). */
export function excluded(host: string, env: NodeJS.ProcessEnv): boolean {
  const list = (env.NO_PROXY || env.no_proxy || '').split(/[\s,]+/).filter(Boolean);
  return list.some((entry) => {
    if (net.isIP(host)) return inNetwork(host, entry);
    const name = entry.replace(/^\*?\./, '').replace(/:\d+$/, '');
    return entry === '*' || host === name || host.endsWith(`.${name}`);
  });
}

function inNetwork(host: string, entry: string): boolean {
  const [network = '', bits] = entry.split('/');
  const address = network.replace(/^(?:\[(.*)\]|([\d.]+))(?::\d+)?$/, '$1$2');
  const family = (text: string): 'ipv4' | 'ipv6' => (net.isIPv6(text) ? 'ipv6' : 'ipv4');
  if (entry === '*') return true;
  if (!net.isIP(address)) return false;
  const list = new net.BlockList();
  const prefix = Number(bits ?? (net.isIPv6(address) ? 128 : 32));
  if (!(prefix >= 0 && prefix <= (net.isIPv6(address) ? 128 : 32))) return false;
  list.addSubnet(address, prefix, family(address));
  return list.check(host, family(host));
}
