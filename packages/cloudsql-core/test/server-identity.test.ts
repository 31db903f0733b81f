import { X509Certificate } from 'node:crypto';
import type { PeerCertificate } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { checkServerIdentity } from '../src/dial/server-identity.ts';
import { Authority } from './authority.ts';

const commonName = 'shop:orders';
const serverName = 'abc.europe-west1.sql.goog';

function certificate(cn: string | undefined, san?: string): PeerCertificate {
  return { subject: cn === undefined ? {} : { CN: cn }, subjectaltname: san } as unknown as PeerCertificate;
}

/** A real certificate, as Node shows that of a peer. */
async function peerCertificate(cn: string, names: { dns?: string[]; ip?: string[] }): Promise<PeerCertificate> {
  const { cert } = await (await Authority.create('test')).issue(cn, { names });
  return new X509Certificate(cert).toLegacyObject() as unknown as PeerCertificate;
}

describe('the server is the instance', () => {
  it.each([
    ['its common name is right and it has no DNS name', undefined, certificate('shop:orders')],
    ['a subject alternative name is its DNS name', serverName, certificate('', `DNS:${serverName}`)],
    [
      'the subject alternative name ends with a dot, as those of Cloud SQL do',
      serverName,
      certificate('', `DNS:${serverName}.`),
    ],
    ['both names are right', serverName, certificate('shop:orders', `DNS:${serverName}`)],
    [
      'the alternative name is another, and the common name is right',
      serverName,
      certificate('shop:orders', 'DNS:other.example.com'),
    ],
    ['there is no alternative name, and the common name is right', serverName, certificate('shop:orders')],
  ])('when %s', (_, name, peer) => {
    expect(checkServerIdentity({ commonName, serverName: name }, peer)).toBeUndefined();
  });
});

describe('the server is somebody else', () => {
  it.each([
    ['its common name is of another instance', undefined, certificate('shop:billing')],
    ['its common name differs in letter case', undefined, certificate('Shop:orders')],
    ['it has no common name and the instance has no DNS name', undefined, certificate('', `DNS:${serverName}`)],
    ['its alternative name is another and it has no common name', serverName, certificate('', 'DNS:other.example.com')],
    ['it has neither name', serverName, certificate(undefined)],
    ['both names are wrong', serverName, certificate('shop:billing', 'DNS:other.example.com')],
    ['its common name is the DNS name, which only an alternative name may carry', serverName, certificate(serverName)],
  ])('when %s', (_, name, peer) => {
    expect(checkServerIdentity({ commonName, serverName: name }, peer)).toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });
});

describe('a server that is known by its address', () => {
  const psc = 'abc.alloydb-psc.goog';

  it.each([
    ['has the IP address', '10.1.2.3', 'x', { ip: ['10.1.2.3'] }],
    ['has the IP address among others', '10.1.2.3', '', { dns: ['a.example'], ip: ['10.9.9.9', '10.1.2.3'] }],
    ['has the IPv6 address', 'fd00::1', '', { ip: ['fd00::1'] }],
    ['has the IPv6 address, written in another way', 'fd00:0:0::0:1', '', { ip: ['fd00::1'] }],
    ['has the DNS name', psc, 'x', { dns: [psc] }],
    ['has the DNS name with a dot at its end', psc, 'x', { dns: [`${psc}.`] }],
  ])('is the instance when its certificate %s', async (_, address, cn, names) => {
    expect(checkServerIdentity({ address }, await peerCertificate(cn, names))).toBeUndefined();
  });

  it.each([
    ['another IP address', '10.1.2.3', '', { ip: ['10.1.2.4'] }],
    ['another IPv6 address', 'fd00::1', '', { ip: ['fd00::2'] }],
    ['the IP address as its common name only', '10.1.2.3', '10.1.2.3', {}],
    ['the IP address as a DNS name', '10.1.2.3', '', { dns: ['10.1.2.3'] }],
    ['another DNS name', psc, '', { dns: ['abd.alloydb-psc.goog'] }],
    ['the DNS name as its common name only', psc, psc, {}],
    ['the DNS name as its common name, beside an IP address', psc, psc, { ip: ['10.1.2.3'] }],
    ['no name at all', '10.1.2.3', '', {}],
  ])('is somebody else when its certificate has %s', async (_, address, cn, names) => {
    expect(checkServerIdentity({ address }, await peerCertificate(cn, names))).toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });
});
