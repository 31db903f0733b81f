import { createPublicKey } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Connector } from '../src/connector.ts';
import { CloudSqlError, DialError, RefreshError } from '../src/errors.ts';
import { processKeyPair } from '../src/key-pair.ts';
import type { ConnectorOptions } from '../src/options/connector-options.ts';
import { responseFrame } from './exchange-codec.ts';
import { type Behaviour, FarAlloyDb } from './far-alloydb.ts';

const instance = 'projects/example.com:shop/locations/europe-west1/clusters/main/instances/primary';
const cluster = 'projects/example.com:shop/locations/europe-west1/clusters/main';
const credentials = { accessToken: 'api-token', loginToken: 'login-token' };

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function start(
  behaviour?: Behaviour,
  options?: ConnectorOptions,
): Promise<{ far: FarAlloyDb; connector: Connector }> {
  const far = await FarAlloyDb.start(behaviour);
  open.push(far);
  const connector = new Connector({ credentials, endpoints: { alloyDb: far.endpoint }, ...options });
  open.push(connector);
  return { far, connector };
}

async function failure(behaviour: Behaviour, options: { timeoutMs?: number } = {}): Promise<CloudSqlError> {
  const { far, connector } = await start(behaviour);
  const error: unknown = await connector.connect({ instance, ...options }).then(
    (socket) => socket.destroy(),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CloudSqlError);
  // Whatever went wrong, no connection stays.
  await vi.waitFor(() => expect(far.sockets.size).toBe(0));
  return error as CloudSqlError;
}

describe('the API', () => {
  it('is asked for the address of the instance and for a certificate of the cluster', async () => {
    const { far, connector } = await start({}, { userAgent: 'shop/1.0' });
    (await connector.connect({ instance })).destroy();
    const [info, certificate] = far.calls.toSorted((a, b) => (a.method < b.method ? -1 : 1));
    const escaped = cluster.replace(':', '%3A');
    expect(info).toMatchObject({ method: 'GET', path: `/v1beta/${escaped}/instances/primary/connectionInfo` });
    expect(certificate).toMatchObject({ method: 'POST', path: `/v1beta/${escaped}:generateClientCertificate` });
    for (const { headers } of far.calls) {
      expect(headers).toMatchObject({ authorization: 'Bearer api-token' });
      expect(headers['user-agent']).toMatch(/^cloudsql-orm\/\S+ shop\/1\.0$/);
    }
    const { publicKey, ...rest } = certificate!.body;
    expect(rest).toEqual({ parent: cluster, certDuration: '3600s', useMetadataExchange: true });
    expect(publicKey).toMatch(/^-----BEGIN RSA PUBLIC KEY-----\n/);
    const own = createPublicKey((await processKeyPair()).publicKey);
    expect(createPublicKey({ key: String(publicKey), format: 'pem', type: 'pkcs1' }).equals(own)).toBe(true);
  });

  it('may answer in snake_case', async () => {
    const { connector } = await start({
      info: ({ ipAddress }) => ({ ip_address: ipAddress, public_ip_address: '', psc_dns_name: '' }),
      certificate: ({ pemCertificateChain, caCert }) => ({
        pem_certificate_chain: pemCertificateChain,
        ca_cert: caCert,
      }),
    });
    (await connector.connect({ instance })).destroy();
  });

  it('is asked once for a hundred connections at once, with and without IAM', async () => {
    const { far, connector } = await start();
    const logins = [{}, { user: 'native', password: 'secret' }];
    const sockets = await Promise.all(
      Array.from({ length: 100 }, (_, i) => connector.connect({ instance, ...logins[i % 2] })),
    );
    for (const socket of sockets) socket.destroy();
    expect(far.calls).toHaveLength(2);
    expect(far.exchanges).toHaveLength(100);
    expect(connector.status()).toMatchObject([{ instance, iam: false }]);
  });

  const broken: [string, Behaviour['certificate'], RegExp][] = [
    ['no chain', ({ caCert }) => ({ caCert }), /no usable client certificate/],
    ['an empty chain', (answer) => ({ ...answer, pemCertificateChain: [] }), /no usable client certificate/],
    [
      'a chain of no certificates',
      (answer) => ({ ...answer, pemCertificateChain: ['x'] }),
      /no usable certificate chain/,
    ],
    [
      'a chain that begins with the CA',
      (answer) => ({ ...answer, pemCertificateChain: (answer.pemCertificateChain as string[]).toReversed() }),
      /no usable client certificate/,
    ],
    [
      'a certificate for another key',
      async (answer, authority) => ({ ...answer, pemCertificateChain: [(await authority.issue('x')).cert] }),
      /no usable client certificate/,
    ],
    ['no CA', ({ pemCertificateChain }) => ({ pemCertificateChain }), /no usable server CA/],
    ['a CA that is no certificate', (answer) => ({ ...answer, caCert: 'x' }), /no usable server CA/],
  ];

  it.each(broken)('that sends %s is not to be used', async (_, certificate, message) => {
    const error = await failure({ certificate });
    expect(error).toBeInstanceOf(RefreshError);
    expect(error).toMatchObject({ code: 'CLOUDSQL_BAD_API_ANSWER', instance, message: expect.stringMatching(message) });
  });

  it('that sends an expired certificate is a matter of clocks', async () => {
    expect(await failure({ certificateExpires: new Date(Date.now() - 60_000) })).toMatchObject({
      code: 'CLOUDSQL_CLOCK_SKEW',
    });
  });

  it.each([
    ['no address', () => ({}), 'The instance has: none'],
    ['empty addresses', () => ({ ipAddress: '', publicIpAddress: '' }), 'The instance has: none'],
    ['no private address', () => ({ publicIpAddress: '127.0.0.1' }), "The instance has: 'PUBLIC'"],
    ['a name for PSC only', () => ({ pscDnsName: 'x.alloydb-psc.goog.' }), "The instance has: 'PSC'"],
  ])('that knows %s does not make it dial another one', async (_, info, message) => {
    expect(await failure({ info })).toMatchObject({
      code: 'CLOUDSQL_NO_ADDRESS',
      message: expect.stringContaining(message),
    });
  });
});

describe('the server', () => {
  it.each([
    ['AUTO_IAM', {}],
    ['DB_NATIVE', { user: 'native', password: 'secret' }],
    ['DB_NATIVE', { authType: 'IAM_MANUAL' }],
  ])('is told %s and the login token for %o', async (authType, login) => {
    const { far, connector } = await start({}, { userAgent: 'shop/1.0' });
    (await connector.connect({ instance, ...login })).destroy();
    expect(far.exchanges).toEqual([
      { authType, oauth2Token: 'login-token', userAgent: expect.stringMatching(/^cloudsql-orm\/\S+ shop\/1\.0$/) },
    ]);
  });

  it('is told a fresh token at every dial', async () => {
    let count = 0;
    const { far, connector } = await start(
      {},
      { credentials: { ...credentials, loginToken: () => `token-${++count}` } },
    );
    for (let i = 0; i < 10; i++) (await connector.connect({ instance })).destroy();
    expect(far.exchanges.map(({ oauth2Token }) => oauth2Token)).toEqual(
      Array.from({ length: 10 }, (_, i) => `token-${i + 1}`),
    );
  });

  it('may greet at once: what follows its answer is for the database', async () => {
    const { connector } = await start({
      exchange: (socket) => socket.end(Buffer.concat([responseFrame({ responseCode: 1 }), Buffer.from('greeting')])),
    });
    const socket = await connector.connect({ instance });
    // Late, as a driver may be.
    await delay(20);
    expect(Buffer.concat(await socket.toArray()).toString()).toBe('greeting');
  });

  it('may answer byte by byte', async () => {
    const { connector } = await start({
      async exchange(socket) {
        for (const byte of Buffer.concat([responseFrame({ responseCode: 1, error: 'x' }), Buffer.from('greeting')])) {
          socket.write(Buffer.from([byte]));
          await delay(1);
        }
        socket.end();
      },
    });
    const socket = await connector.connect({ instance });
    expect(Buffer.concat(await socket.toArray()).toString()).toBe('greeting');
  });

  it('may refuse, which says what to grant and leaves the certificate alone', async () => {
    const { far, connector } = await start({
      exchange: (socket) => socket.write(responseFrame({ responseCode: 2, error: 'No permission' })),
    });
    for (let i = 0; i < 2; i++) {
      const error: unknown = await connector.connect({ instance }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(DialError);
      expect(error).toMatchObject({ code: 'CLOUDSQL_EXCHANGE_REFUSED', retryable: false, instance });
      expect((error as Error).message).toMatch(
        /: No permission .*roles\/alloydb\.client .*roles\/alloydb\.databaseUser/,
      );
    }
    await vi.waitFor(() => expect(far.sockets.size).toBe(0));
    expect(far.certificateCalls).toBe(1);
  });

  it('may hang up instead of an answer, as it does with bad certificates: a new one is fetched', async () => {
    const { far, connector } = await start({ exchange: (socket) => socket.destroy() });
    await expect(connector.connect({ instance })).rejects.toMatchObject({ code: 'CLOUDSQL_SERVER_CLOSED' });
    await vi.waitFor(() => expect(far.certificateCalls).toBe(2));
  });

  it('may stay silent: the dial ends at its deadline and says in what', async () => {
    const error = await failure({ exchange: () => {} }, { timeoutMs: 300 });
    expect(error).toMatchObject({ code: 'CLOUDSQL_DIAL_TIMEOUT', name: 'DialError' });
    expect(error.message).toMatch(/^Waited 300 ms for the metadata exchange with 127\.\S+:5433 .*port 5433/);
  });

  it('is left when the caller gives up during the exchange', async () => {
    const controller = new AbortController();
    const { far, connector } = await start({ exchange: () => controller.abort() });
    await expect(connector.connect({ instance, signal: controller.signal })).rejects.toMatchObject({
      code: 'CLOUDSQL_DIAL_ABORTED',
    });
    await vi.waitFor(() => expect(far.sockets.size).toBe(0));
  });

  it('is left when the connector is closed during the exchange', async () => {
    const exchanging = new EventEmitter();
    const begun = once(exchanging, 'begun');
    const { far, connector } = await start({ exchange: () => exchanging.emit('begun') });
    const dial = connector.connect({ instance });
    dial.catch(() => {});
    await begun;
    await connector.close();
    await expect(dial).rejects.toMatchObject({ code: 'CLOUDSQL_CONNECTOR_CLOSED' });
    await vi.waitFor(() => expect(far.sockets.size).toBe(0));
  });

  it('has to be who it was dialled as: a common name proves nothing', async () => {
    const error = await failure({ names: { ip: ['127.0.0.2'], dns: ['primary'] }, commonName: '127.0.0.1' });
    expect(error).toMatchObject({ code: 'CLOUDSQL_SERVER_IDENTITY' });
  });
});

describe('the login token', () => {
  it('is needed for passwords, too', async () => {
    const { far, connector } = await start({}, { credentials: { accessToken: 'api-token' } });
    const dial = connector.connect({ instance, user: 'native', password: 'secret' });
    await expect(dial).rejects.toMatchObject({
      code: 'CLOUDSQL_NO_CREDENTIALS',
      message: expect.stringContaining('https://www.googleapis.com/auth/alloydb.login'),
    });
    expect(far.exchanges).toEqual([]);
  });

  it('that cannot be had ends the dial before there is a connection', async () => {
    const loginToken = (): Promise<string> => Promise.reject(new Error('no'));
    const { far, connector } = await start({}, { credentials: { accessToken: 'api-token', loginToken } });
    await expect(connector.connect({ instance })).rejects.toMatchObject({ code: 'CLOUDSQL_TOKEN_FAILED' });
    expect(far.sockets.size).toBe(0);
  });
});

it('a connection works in both directions after the exchange', async () => {
  const { connector } = await start({
    exchange(socket) {
      socket.write(responseFrame({ responseCode: 1 }));
      socket.pipe(socket);
    },
  });
  const socket = await connector.connect({ instance });
  const sent = Buffer.alloc(1_000_000, 'x');
  socket.write(sent);
  let received = 0;
  socket.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  await vi.waitFor(() => expect(received).toBe(sent.length));
  socket.destroy();
  await once(socket, 'close');
});
