import { isIP } from 'node:net';
import { checkBoolean, checkText, invalid } from './option-checks.ts';

const LOOPBACK = '127.0.0.1';

/** Tells whether an address is reached from this machine only. */
export function isLoopback(address: string): boolean {
  return (isIP(address) === 4 && address.startsWith('127.')) || address === '::1';
}

/** Checks the address of the control plane: who wants more than loopback has to say so twice. */
export function resolveHost(host: unknown, exposed: unknown): { readonly host: string; readonly isExposed: boolean } {
  const isExposed = checkBoolean(exposed ?? false, 'exposeToNetwork');
  return { host: checkListeningAddress(host ?? LOOPBACK, 'host', isExposed), isExposed };
}

/** Checks an address to listen on. */
export function checkListeningAddress(value: unknown, where: string, isExposed: boolean): string {
  const address = checkText(value, where);
  if (isIP(address) === 0) invalid(where, 'must be an IP address', value);
  if (isExposed || isLoopback(address)) return address;
  return invalid(where, 'must be a loopback address (127.x.y.z or ::1) unless exposeToNetwork is true', value);
}

/** Checks a port number. */
export function checkPort(value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 65_535
    ? value
    : invalid('port', 'must be a port number from 0 to 65535', value);
}

/** Address by which a program on this machine reaches a listener. */
export function reachable(address: string, port: number): string {
  const any = address === '0.0.0.0' || address === '::';
  const host = any ? LOOPBACK : address;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
