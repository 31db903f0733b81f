import { X509Certificate } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { checkServerIdentity } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Emulator } from '../src/index.ts';
import { startEmulator } from '../src/index.ts';
import { parseInstanceName } from '../src/instance-name.ts';
import { decodeExchangeRequest, encodeExchangeResponse } from '../src/wire/exchange-messages.ts';
import type { Access } from './client.ts';
import { closing, dialReady, getAccess, getToken, privateKey, publicKey, SCOPE } from './client.ts';
import { ADA, APP, APP_USER, ORDERS } from './setup.ts';
import { encodeStartup, exchange, fatal } from './wire.ts';

const CLUSTER = 'projects/demo-shop/locations/europe-west1/clusters/main';
const PRIMARY = `${CLUSTER}/instances/primary`;
const OTHER = 'projects/demo-shop/locations/europe-west1/clusters/other';
const LOGIN = 'https://www.googleapis.com/auth/alloydb.login';

let cloud: Emulator;
beforeAll(async () => {
  cloud = await startEmulator({
    principals: [{ email: APP }, { email: ADA, roles: ['alloydb.databaseUser'] }],
    instances: [
      { name: PRIMARY, databases: ['orders'], users: [{ email: APP }] },
      { name: `${CLUSTER}/instances/replica`, addresses: { PRIMARY: null } },
      { name: `${OTHER}/instances/primary` },
      { name: ORDERS },
    ],
  });
});
afterAll(() => cloud.close());

type Body = Record<string, unknown> & {
  error?: { code: number; message: string; status: string; details?: { reason: string }[] };
};

async function call(path: string, token?: string, body?: object | string): Promise<{ status: number; body: Body }> {
  const response = await fetch(`${cloud.url}/${path}`, {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Body };
}

/** What a connector of AlloyDB gets from the API, ready to dial. */
async function access(cluster = CLUSTER, fields: object = { useMetadataExchange: true }): Promise<Access> {
  const token = await getToken(cloud, APP);
  const info = await call(`v1/${cluster}/instances/primary/connectionInfo`, token);
  const issued = await call(`v1/${cluster}:generateClientCertificate`, token, { publicKey, ...fields });
  const chain = issued.body.pemCertificateChain as string[];
  return {
    addresses: new Map([
      ['PRIVATE', String(info.body.ipAddress)],
      ['PRIMARY', String(info.body.publicIpAddress)],
    ]),
    serverCa: String(issued.body.caCert),
    cert: chain.join('\n'),
    key: privateKey,
  };
}

const dial = (to: Access, type = 'PRIVATE'): Promise<TLSSocket> =>
  // Node's own check of names, that is: the address has to be in the certificate.
  dialReady(to, type, { port: 5433, checkServerIdentity });

/** A request of the exchange, in a frame. */
function hello(token: string, authType = 2, userAgent = 'test/1'): Buffer {
  const field = (number: number, text: string): Buffer => {
    const bytes = Buffer.from(text);
    return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
  };
  return frame(Buffer.concat([field(1, userAgent), Buffer.from([0x10, authType]), field(3, token)]));
}

function frame(message: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message]);
}

const OK = Buffer.from('000000020801', 'hex');
const startup = encodeStartup(
  new Map([
    ['user', APP_USER],
    ['database', 'orders'],
  ]),
);

describe('the API', () => {
  test.each(['v1alpha', 'v1beta', 'v1'])('has connectionInfo in %s', async (version) => {
    const { status, body } = await call(`${version}/${PRIMARY}/connectionInfo?$alt=json`, await getToken(cloud, APP));
    expect(status).toBe(200);
    expect(body).toEqual({
      name: `${PRIMARY}/connectionInfo`,
      ipAddress: expect.stringMatching(/^127\./),
      publicIpAddress: expect.stringMatching(/^127\./),
    });
  });

  test('leaves out an address that the instance does not have, and lists instances', async () => {
    const token = await getToken(cloud, APP);
    const { body } = await call(`v1/${CLUSTER}/instances/replica/connectionInfo`, token);
    expect(body).not.toHaveProperty('publicIpAddress');
    const list = await call(`v1/${CLUSTER}/instances`, token);
    expect(list.body.instances).toMatchObject([{ name: PRIMARY }, { name: `${CLUSTER}/instances/replica` }]);
    expect(await call(`v1/${PRIMARY}`, token)).toMatchObject({ status: 200, body: { name: PRIMARY, state: 'READY' } });
  });

  test('issues a chain from the client to the root of the cluster', async () => {
    const token = await getToken(cloud, APP);
    for (const body of [
      { publicKey, certDuration: '3600s' },
      { public_key: publicKey, cert_duration: '86400s' },
    ]) {
      const answer = await call(`v1beta/${CLUSTER}:generateClientCertificate`, token, body);
      expect(answer.status).toBe(200);
      const pems = answer.body.pemCertificateChain as string[];
      // As at Google, where connectors join them with nothing between.
      expect(pems.join('')).toMatch(/^(-----BEGIN CERTIFICATE-----\n[^-]+\n-----END CERTIFICATE-----\n){3}$/);
      const chain = pems.map((pem) => new X509Certificate(pem));
      expect(chain).toHaveLength(3);
      expect(chain[0]!.checkIssued(chain[1]!) && chain[1]!.checkIssued(chain[2]!)).toBe(true);
      expect(chain[0]!.publicKey.export({ type: 'spki', format: 'pem' })).toBe(publicKey);
      expect(answer.body.caCert).toBe((answer.body.pemCertificateChain as string[])[2]);
    }
  });

  test('refuses in words of Google', async () => {
    const good = await getToken(cloud, APP);
    const cases: [string, string | undefined, object | string | undefined, number, RegExp][] = [
      [`v1/${PRIMARY}/connectionInfo`, undefined, undefined, 401, /missing required authentication credential/],
      [`v1/${PRIMARY}/connectionInfo`, 'nonsense', undefined, 401, /invalid authentication credentials/],
      [
        `v1/${PRIMARY}/connectionInfo`,
        await getToken(cloud, APP, LOGIN),
        undefined,
        403,
        /insufficient authentication/,
      ],
      [`v1/${PRIMARY}/connectionInfo`, await getToken(cloud, APP, SCOPE.admin), undefined, 403, /insufficient/],
      [`v1/${PRIMARY}/connectionInfo`, await getToken(cloud, ADA), undefined, 403, /serviceUsageConsumer/],
      [`v1/${CLUSTER}/instances/none/connectionInfo`, good, undefined, 404, /was not found/],
      ['v1/projects/x/locations/r/clusters/c:generateClientCertificate', good, { publicKey }, 404, /was not found/],
      [`v1/${CLUSTER}:generateClientCertificate`, good, {}, 400, /public_key/],
      [`v1/${CLUSTER}:generateClientCertificate`, good, { publicKey: 7 }, 400, /must be a string/],
      [`v1/${CLUSTER}:generateClientCertificate`, good, { publicKey, certDuration: '1h' }, 400, /cert_duration/],
      [`v1/${CLUSTER}:generateClientCertificate`, good, '{', 400, /Invalid JSON/],
      [`v2/${PRIMARY}/connectionInfo`, good, undefined, 404, /Method not found/],
    ];
    for (const [path, token, body, status, message] of cases) {
      const answer = await call(path, token, body);
      expect(answer, path).toMatchObject({ status, body: { error: { message: expect.stringMatching(message) } } });
    }
  });

  test('does not answer for the other service', async () => {
    const token = await getToken(cloud, APP);
    expect((await call('sql/v1beta4/projects/demo-shop/instances/primary/connectSettings', token)).status).toBe(404);
    expect((await call('sql/v1beta4/projects/demo-shop/instances/orders/connectSettings', token)).status).toBe(200);
  });
});

describe('users', () => {
  const users = `v1/${OTHER}/users`;
  const at = async (method: string, path: string, email: string, body?: object) => {
    const headers = { authorization: `Bearer ${await getToken(cloud, email)}` };
    const init = { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) };
    const response = await fetch(`${cloud.url}/${path}`, init);
    return { status: response.status, body: (await response.json()) as Body };
  };

  test('are created for the cluster, listed, described and deleted', async () => {
    expect(await at('GET', users, APP)).toEqual({ status: 200, body: {} });
    const native = await at('POST', `${users}?userId=native`, APP, { password: 'secret' });
    const name = `${OTHER}/users/native`;
    const described = { name, userType: 'ALLOYDB_BUILT_IN', databaseRoles: ['alloydbsuperuser'] };
    expect(native).toEqual({ status: 200, body: described });
    const iam = { userType: 'ALLOYDB_IAM_USER', databaseRoles: ['pg_monitor'] };
    expect((await at('POST', `${users}?userId=${APP_USER}`, APP, iam)).body).toMatchObject(iam);
    expect((await at('GET', users, APP)).body.users).toMatchObject([{ name }, { name: `${OTHER}/users/${APP_USER}` }]);
    expect((await at('GET', `v1/${name}`, APP)).body).toEqual(described);
    expect(await at('POST', `${users}?userId=native`, APP, { password: 'x' })).toMatchObject({
      status: 409,
      body: { error: { status: 'ALREADY_EXISTS' } },
    });
    for (const each of ['native', APP_USER]) {
      expect(await at('DELETE', `${users}/${each}`, APP)).toEqual({ status: 200, body: {} });
    }
    expect((await at('GET', `v1/${name}`, APP)).status).toBe(404);
  });

  test('are refused where something is wrong', async () => {
    expect((await at('POST', `${users}?userId=x`, APP, {})).body.error?.message).toContain('user.password: must be');
    expect((await at('POST', `${users}?userId=x`, APP, { userType: 'IAM' })).status).toBe(400);
    expect((await at('POST', `${users}?userId=x`, APP, { userType: 'ALLOYDB_IAM_USER' })).status).toBe(400);
    expect((await at('GET', `v1/${OTHER}x/users`, APP)).status).toBe(404);
    expect((await at('GET', users, ADA)).status).toBe(403);
  });
});

describe('the exchange', () => {
  const received = async (socket: TLSSocket, bytes: number): Promise<Buffer> => {
    await vi.waitFor(() => expect(socket.readableLength).toBeGreaterThanOrEqual(bytes));
    return socket.read() as Buffer;
  };

  test.each([2, 1, 0])('lets a token in (auth_type %i), byte by byte', async (authType) => {
    const socket = await dial(await access());
    const token = await getToken(cloud, APP, LOGIN);
    for (const byte of hello(token, authType)) socket.write(Buffer.from([byte]));
    expect(await received(socket, OK.length)).toEqual(OK);
    expect(cloud.connections.at(-1)).toMatchObject({
      instance: PRIMARY,
      principal: APP,
      userAgent: 'test/1',
      authType: authType === 2 ? 'AUTO_IAM' : 'DB_NATIVE',
      state: 'handshake',
    });
    socket.destroy();
  });

  test('may come in one piece with what is for the database', async () => {
    const socket = await dial(await access());
    socket.on('error', () => undefined);
    socket.write(Buffer.concat([hello(await getToken(cloud, APP, LOGIN)), startup]));
    const bytes = await received(socket, OK.length + 9);
    expect(bytes.subarray(0, OK.length)).toEqual(OK);
    // AuthenticationOk of PostgreSQL.
    expect(bytes.subarray(OK.length, OK.length + 9).toString('hex')).toBe('520000000800000000');
    socket.destroy();
  });

  test('refuses with a reason, and only then hangs up', async () => {
    const refusals: [string, RegExp][] = [
      ['nonsense', /invalid or has expired/],
      ['', /invalid or has expired/],
      [await getToken(cloud, APP, SCOPE.login), /lacks the scope/],
      [await getToken(cloud, ADA, LOGIN), /alloydb\.instances\.connect' denied/],
    ];
    for (const [token, reason] of refusals) {
      const answer = await exchange(await dial(await access()), hello(token));
      expect(answer.readUInt32BE()).toBe(answer.length - 4);
      expect(answer.subarray(4, 7).toString('hex')).toBe('080212');
      expect(answer.toString()).toMatch(reason);
      expect(cloud.connections.at(-1)).toMatchObject({ state: 'refused', refusal: expect.stringMatching(reason) });
    }
  });

  const told = Buffer.from('The emulator was told to answer like this.');
  test.each([
    ['ERROR', frame(Buffer.concat([Buffer.from([8, 2, 0x12, told.length]), told]))],
    ['CUT_OFF', OK.subarray(0, -1)],
    ['OVERSIZED', Buffer.from('000040010801', 'hex')],
    ['SILENT', Buffer.alloc(0)],
  ] as const)('is answered wrongly where that is wanted: %s', async (fault, answer) => {
    cloud.faults.exchange(PRIMARY, fault);
    const socket = await dial(await access());
    const heard = exchange(socket, hello(await getToken(cloud, APP, LOGIN)));
    await vi.waitFor(() => {
      expect(cloud.connections.at(-1)?.refusal).toBe(
        `the emulator was told to answer the metadata exchange wrongly: ${fault}`,
      );
    });
    // Nobody else ends it.
    if (fault === 'SILENT') socket.destroy();
    expect((await heard).toString('hex')).toBe(answer.toString('hex'));
    cloud.faults.exchange(PRIMARY, undefined);
    const right = await dial(await access());
    right.write(hello(await getToken(cloud, APP, LOGIN)));
    expect(await received(right, OK.length)).toEqual(OK);
    right.destroy();
  });

  test('survives what is none', async () => {
    const bad: [Buffer, RegExp][] = [
      [Buffer.from('00004001', 'hex'), /exchange of 16385 bytes/],
      [Buffer.from('ffffffff', 'hex'), /exchange of 4294967295 bytes/],
      [frame(Buffer.from('0aff', 'hex')), /cut off/],
      [frame(Buffer.from('10', 'hex')), /cut off/],
      [frame(Buffer.from('0b', 'hex')), /unknown type/],
      [frame(Buffer.from('1007', 'hex')), /unknown auth_type 7/],
      [Buffer.from('000000', 'hex'), /left before/],
      [frame(Buffer.alloc(20, 1)).subarray(0, 10), /left before/],
      // PostgreSQL's lengths count themselves, so four bytes are missing.
      [startup, /left before/],
    ];
    for (const [bytes, reason] of bad) {
      await exchange(await dial(await access()), bytes, true);
      await vi.waitFor(() =>
        expect(cloud.connections.at(-1)).toMatchObject({ state: 'refused', refusal: expect.stringMatching(reason) }),
      );
    }
    const answer = await exchange(await dial(await access()), hello(''));
    expect(answer.length).toBeGreaterThan(0);
  });

  test('does not take place with a certificate that was not asked for it', async () => {
    const socket = await dial(await access(CLUSTER, {}));
    expect(fatal(await exchange(socket, encodeStartup(new Map([['user', ADA]])), false))).toMatch(
      /authentication failed/,
    );
  });

  test('does not keep a connection open that says nothing', async () => {
    const socket = await dial(await access());
    await delay(20);
    expect(socket.closed).toBe(false);
    socket.end();
    await closing(socket);
    expect(cloud.connections.at(-1)).toMatchObject({
      state: 'refused',
      refusal: expect.stringContaining('left before'),
    });
  });
});

describe('a client certificate', () => {
  test('is good for its cluster only', async () => {
    const own = await access(OTHER);
    const foreign = { ...own, cert: (await access()).cert };
    (await dial(own)).destroy();
    cloud.resetStatistics();
    const error = await dial(foreign).then(closing, (reason: unknown) => reason);
    expect(error === undefined || error instanceof Error).toBe(true);
    await vi.waitFor(() => expect(Object.keys(cloud.statistics().connections.tlsFailures)).not.toEqual([]));
  });

  test('of Cloud SQL opens nothing here, and neither the other way round', async () => {
    const sql = await getAccess(cloud, ORDERS, { email: APP });
    const own = await access();
    cloud.resetStatistics();
    await dial({ ...own, cert: sql.cert }).then(closing, () => undefined);
    await dialReady({ ...sql, cert: own.cert }, 'PRIMARY').then(closing, () => undefined);
    await vi.waitFor(() => {
      const { tlsFailures } = cloud.statistics().connections;
      expect(Object.values(tlsFailures).reduce((sum, count) => sum + count, 0)).toBe(2);
    });
  });

  test('needs the certificate of its issuer beside it', async () => {
    const whole = await access();
    const [leaf = ''] = whole.cert.split(/(?<=-----END CERTIFICATE-----)/);
    cloud.resetStatistics();
    await dial({ ...whole, cert: leaf }).then(closing, () => undefined);
    await vi.waitFor(() => expect(Object.keys(cloud.statistics().connections.tlsFailures)).not.toEqual([]));
  });
});

describe('a rotation', () => {
  test("of the cluster's server authority counts for all its instances, and for no other cluster", async () => {
    const [before, other] = await Promise.all([access(), access(OTHER)]);
    (await dial(before)).destroy();
    await cloud.faults.rotateServerCa(`${CLUSTER}/instances/replica`);
    await expect(dial(before)).rejects.toMatchObject({ code: 'SELF_SIGNED_CERT_IN_CHAIN' });
    for (const each of [await access(), other]) (await dial(each)).destroy();
  });

  test("of the authority of its clients refuses the cluster's certificates, and none of another", async () => {
    const [before, other] = await Promise.all([access(), access(OTHER)]);
    (await dial(before)).destroy();
    await cloud.faults.rotateClientCa(PRIMARY);
    cloud.resetStatistics();
    await dial(before).then(closing, () => undefined);
    await vi.waitFor(() => expect(Object.keys(cloud.statistics().connections.tlsFailures)).not.toEqual([]));
    for (const each of [await access(), other]) {
      expect((await exchange(await dial(each), hello(''))).length).toBeGreaterThan(0);
    }
  });
});

test('the environment names the emulator for both services, for AlloyDB only where there is such an instance', async () => {
  expect(cloud.env).toMatchObject({ CLOUDSQL_EMULATOR_HOST: cloud.host, ALLOYDB_EMULATOR_HOST: cloud.host });
  await using other = await startEmulator({ instances: [{ name: ORDERS }] });
  expect(other.env).not.toHaveProperty('ALLOYDB_EMULATOR_HOST');
});

test('names are read into their parts', () => {
  expect(parseInstanceName(PRIMARY)).toEqual({
    service: 'alloydb',
    connectionName: PRIMARY,
    project: 'demo-shop',
    region: 'europe-west1',
    id: 'primary',
    certificateScope: CLUSTER,
  });
  for (const name of [`/${PRIMARY}`, `${PRIMARY}/`, CLUSTER, PRIMARY.toUpperCase(), `${PRIMARY} `]) {
    expect(parseInstanceName(name), name).toBeUndefined();
  }
});

test('messages may have fields that are not known yet, and texts of any length', () => {
  const unknown = Buffer.from('2a03616263350000000021000000000000000030ac02', 'hex');
  expect(decodeExchangeRequest(Buffer.concat([unknown, Buffer.from('0a01611a0162', 'hex'), unknown]))).toEqual({
    userAgent: 'a',
    authType: 'DB_NATIVE',
    token: 'b',
  });
  expect(encodeExchangeResponse('x'.repeat(100_000)).length).toBeLessThanOrEqual(16_388);
});
