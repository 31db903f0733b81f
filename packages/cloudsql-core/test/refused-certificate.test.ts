import { once } from 'node:events';
import tls, { type TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { dial } from '../src/dial/dial.ts';
import { exchangeMetadata } from '../src/dial/metadata-exchange.ts';
import type { NamedInstance } from '../src/dial/server-identity.ts';
import { Authority } from './authority.ts';
import { hasOpenssl, OpensslServer } from './openssl-server.ts';

// With TLS 1.3 a server judges the client's certificate when the handshake is over for the client. OpenSSL tells what
// it thinks of it in an alert, as the servers of Google do.

const { signal } = new AbortController();
let server: Authority;
let clients: Authority;
let strangers: Authority;

beforeAll(async () => {
  [server, clients, strangers] = (await Promise.all(
    ['server', 'clients', 'strangers'].map((name) => Authority.create(name)),
  )) as [Authority, Authority, Authority];
});

/** Dials a server that takes certificates of `clients`, with one of another authority, an old one, or none. */
async function dialled(port: number, shown?: { cert: string; key: string }): Promise<TLSSocket> {
  const secureContext = tls.createSecureContext({ ca: server.pem, minVersion: 'TLSv1.3', ...shown });
  const identity = (): NamedInstance => ({ commonName: 'p:i', serverName: undefined });
  const target = { instance: 'p:r:i', hosts: ['127.0.0.1'], port, secureContext, identity, lookup: async () => [] };
  return (await dial(target, signal)).socket;
}

async function start(): Promise<OpensslServer> {
  return OpensslServer.start({ identity: await server.issue('p:i'), clientCa: clients.pem });
}

const refusals: [what: string, issue: () => Promise<{ cert: string; key: string }> | undefined, alert: string][] = [
  ['of a foreign authority', () => strangers.issue('client'), 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'],
  [
    'that has expired',
    () => clients.issue('client', { notAfter: new Date(Date.now() - 60_000) }),
    'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED',
  ],
  ['that is absent', () => undefined, 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'],
];

describe.runIf(hasOpenssl)('a client certificate', () => {
  it('that is good is taken, by the same server', async () => {
    await using openssl = await start();
    const socket = await dialled(openssl.port, await clients.issue('client'));
    const gone = once(socket, 'close').then(() => 'closed');
    expect(await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, 300, 'open'))])).toBe('open');
    socket.destroy();
    await gone;
  });

  it.each(refusals)('%s is refused after the handshake, in an alert', async (_, issue, alert) => {
    await using openssl = await start();
    const socket = await dialled(openssl.port, await issue());
    const [error] = (await once(socket, 'error')) as [Error & { code: string }];
    expect(error.code).toMatch(alert);
  });

  it.each(refusals)('%s fails the metadata exchange, with the alert as its cause', async (_, issue, alert) => {
    await using openssl = await start();
    const socket = await dialled(openssl.port, await issue());
    const request = { userAgent: 'test', authType: 'AUTO_IAM', token: 'token' } as const;
    const at = { instance: 'projects/p/locations/r/clusters/c/instances/i', host: '127.0.0.1', port: openssl.port };
    await expect(exchangeMetadata(socket, request, at, signal)).rejects.toMatchObject({
      code: 'CLOUDSQL_SERVER_CLOSED',
      retryable: true,
      cause: { code: expect.stringMatching(alert) },
    });
    expect(socket.destroyed).toBe(true);
  });
});

if (!hasOpenssl) it('a client certificate is refused by OpenSSL', ({ skip }) => skip('openssl is not installed'));
