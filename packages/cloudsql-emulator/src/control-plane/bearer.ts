import type { IncomingHttpHeaders } from 'node:http';

/** Returns the bearer token of a request, or `undefined` if it has none. */
export function bearerOf(headers: IncomingHttpHeaders): string | undefined {
  return /^bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
}
