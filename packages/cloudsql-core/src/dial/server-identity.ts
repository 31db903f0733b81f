import type { PeerCertificate } from 'node:tls';
import tls from 'node:tls';

/** What a server's certificate has to say: by Cloud SQL's rule, or by AlloyDB's. */
export type ServerIdentity = NamedInstance | DialledAddress;

/** A certificate that names the instance. */
export interface NamedInstance {
  /** `project:instance`, the CN of certificates that Cloud SQL's own CAs sign. */
  readonly commonName: string;
  /** The DNS name of the instance, where it has one. */
  readonly serverName: string | undefined;
}

/** A certificate that names the address that was dialled: an IP address or a DNS name. */
export interface DialledAddress {
  readonly address: string;
}

/**
 * Checks whom a certificate that chains to the instance's CA was issued to. Returns what is wrong, or undefined.
 */
export function checkServerIdentity(identity: ServerIdentity, certificate: PeerCertificate): Error | undefined {
  return 'address' in identity ? checkAddress(identity, certificate) : checkInstance(identity, certificate);
}

/** The DNS name that the server is asked for; undefined where it is to be asked for the host that is dialled. */
export function requestedName(identity: ServerIdentity): string | undefined {
  return 'address' in identity ? identity.address : identity.serverName;
}

/**
 * The DNS name first, where the instance has one, and the common name otherwise, since metadata may advertise a name
 * before the certificate carries it.
 */
function checkInstance({ commonName, serverName }: NamedInstance, certificate: PeerCertificate): Error | undefined {
  // Node falls back to the CN where there is no SAN; here that is decided below, by Cloud SQL's own rule.
  if (serverName && certificate.subjectaltname && !tls.checkServerIdentity(serverName, certificate)) return undefined;
  const actual = certificate.subject?.CN;
  if (actual === commonName) return undefined;
  const expected = serverName ? `"${serverName}" or "${commonName}"` : `"${commonName}"`;
  return mismatch(`its certificate was issued to "${actual ?? ''}", expected ${expected}`);
}

/** An address has to be an IP SAN, a name a DNS SAN. */
function checkAddress({ address }: DialledAddress, certificate: PeerCertificate): Error | undefined {
  // Without its subject: Node would fall back to the CN, which AlloyDB's certificates give to anybody's reading.
  const names = { subject: {}, subjectaltname: certificate.subjectaltname } as unknown as PeerCertificate;
  if (names.subjectaltname && !tls.checkServerIdentity(address, names)) return undefined;
  return mismatch(`its certificate is for "${names.subjectaltname ?? ''}", expected "${address}"`);
}

function mismatch(message: string): Error {
  return Object.assign(new Error(message), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
}
