import type { PeerCertificate } from 'node:tls';
import tls from 'node:tls';

/** What a server's certificate has to say. */
export interface ServerIdentity {
  /** `project:instance`, the CN of certificates that Cloud SQL's own CAs sign. */
  readonly commonName: string;
  /** The DNS name of the instance, where it has one. */
  readonly serverName: string | undefined;
}

/**
 * Checks whom a certificate that chains to the instance's CA was issued to: the DNS name first, where the instance has
 * one, and the common name otherwise, since metadata may advertise a name before the certificate carries it.
 * Returns what is wrong, or undefined.
 */
export function checkServerIdentity(
  { commonName, serverName }: ServerIdentity,
  certificate: PeerCertificate,
): Error | undefined {
  // Node falls back to the CN where there is no SAN; here that is decided below, by Cloud SQL's own rule.
  if (serverName && certificate.subjectaltname && !tls.checkServerIdentity(serverName, certificate)) return undefined;
  const actual = certificate.subject?.CN;
  if (actual === commonName) return undefined;
  const expected = serverName ? `"${serverName}" or "${commonName}"` : `"${commonName}"`;
  return Object.assign(new Error(`its certificate was issued to "${actual ?? ''}", expected ${expected}`), {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
}
