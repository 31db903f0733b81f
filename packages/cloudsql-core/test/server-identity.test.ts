import type { PeerCertificate } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { checkServerIdentity } from '../src/dial/server-identity.ts';

const commonName = 'shop:orders';
const serverName = 'abc.europe-west1.sql.goog';

function certificate(cn: string | undefined, san?: string): PeerCertificate {
  return { subject: cn === undefined ? {} : { CN: cn }, subjectaltname: san } as unknown as PeerCertificate;
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
