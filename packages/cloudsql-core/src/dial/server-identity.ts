import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
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
  const name = 'address' in identity ? identity.address : identity.serverName;
  // Node would send a dot at its end, which SNI does not have.
  return name?.replace(/\.$/, '');
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

/** An IP address has to be an IP SAN, a name a DNS SAN. */
function checkAddress({ address }: DialledAddress, certificate: PeerCertificate): Error | undefined {
  const { subjectaltname } = certificate;
  if (subjectaltname && (isIP(address) ? isForIp(address, certificate) : isForName(address, subjectaltname))) return;
  return mismatch(`its certificate is for "${subjectaltname ?? ''}", expected "${address}"`);
}

/** By OpenSSL, because Node's own check finds no IPv6 address, however it is written (22.23). */
function isForIp(address: string, { raw }: PeerCertificate): boolean {
  return new X509Certificate(raw).checkIP(address) !== undefined;
}

/** Without the certificate's subject, since Node would fall back to the CN. */
function isForName(name: string, subjectaltname: string): boolean {
  return !tls.checkServerIdentity(name, { subject: {}, subjectaltname } as unknown as PeerCertificate);
}

function mismatch(message: string): Error {
  return Object.assign(new Error(message), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
}
