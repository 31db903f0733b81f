import { readFileSync } from 'node:fs';
import { get } from 'node:https';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Emulator } from '../src/index.ts';
import { adminUrl, getAccess, getToken, query } from './client.ts';
import { APP, APP_USER, CLIENT_ONLY, ORDERS, startTestEmulator } from './setup.ts';

let cloud: Emulator;
beforeAll(async () => {
  cloud = await startTestEmulator();
});
afterEach(() => cloud.faults.clear());
afterAll(() => cloud.close());

async function callApi(email: string = APP, headers: Record<string, string> = {}): Promise<Response> {
  const authorization = `Bearer ${await getToken(cloud, email)}`;
  return fetch(adminUrl(cloud, ORDERS, 'connectSettings'), { headers: { authorization, ...headers } });
}

/** Calls the emulator's own API, as a tool does. */
async function tool(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${cloud.url}/emulator${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown[]> };
}

test('the same port speaks TLS, under the authority of the CA file', async () => {
  const answer = (options: object) =>
    new Promise<number | string | undefined>((resolve) => {
      get(`${cloud.httpsUrl}/computeMetadata/v1/`, { agent: false, ...options }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode));
      }).once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    });
  const ca = readFileSync(cloud.caFile);
  const headers = { 'metadata-flavor': 'Google' };
  expect(await answer({ ca, headers })).toBe(200);
  expect(await answer({ ca, headers, servername: 'localhost' })).toBe(200);
  expect(await answer({ headers })).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
});

test('a call leaves a record of who made it and who is to pay', async () => {
  await callApi(APP, { 'user-agent': 'the test/1', 'x-goog-user-project': 'billed' });
  expect(cloud.calls.at(-1)).toEqual({
    method: 'connectSettings',
    at: expect.any(Date),
    status: 200,
    userAgent: 'the test/1',
    quotaProject: 'billed',
  });
  await fetch(`${cloud.url}/nothing`);
  expect(cloud.calls.at(-1)).toMatchObject({ method: 'unknown', status: 404 });
});

test('a project is billed only for who may use it', async () => {
  expect((await callApi(CLIENT_ONLY)).status).toBe(200);
  const refused = await callApi(CLIENT_ONLY, { 'x-goog-user-project': 'billed' });
  expect(await refused.json()).toMatchObject({
    error: { code: 403, status: 'PERMISSION_DENIED', details: [{ reason: 'USER_PROJECT_DENIED' }] },
  });
});

test('an API that nobody has enabled says so', async () => {
  expect((await callApi()).status).toBe(200);
  cloud.faults.disable('sqladmin.googleapis.com');
  const refused = await callApi();
  expect(await refused.json()).toMatchObject({
    error: {
      code: 403,
      message: expect.stringContaining('Cloud SQL Admin API has not been used in project 1 before or it is disabled.'),
      status: 'PERMISSION_DENIED',
      errors: [{ reason: 'accessNotConfigured' }],
      details: [{ reason: 'SERVICE_DISABLED', metadata: { service: 'sqladmin.googleapis.com' } }],
    },
  });
  // Who is nobody is told that first.
  expect((await fetch(adminUrl(cloud, ORDERS, 'connectSettings'))).status).toBe(401);
  cloud.faults.disable('sqladmin.googleapis.com', false);
  expect((await callApi()).status).toBe(200);
  expect(() => cloud.faults.disable('sqladmin')).toThrow('must name one of sqladmin.googleapis.com, alloydb');
});

describe("the emulator's own API", () => {
  test('counts calls and connections', async () => {
    expect(await tool('DELETE', '/statistics')).toEqual({ status: 200, body: {} });
    const access = await getAccess(cloud, ORDERS, { email: APP });
    await query(access, { user: APP_USER, database: 'orders' }, 'select 1');
    const { body } = await tool('GET', '/statistics');
    expect(body).toMatchObject({ calls: { connectSettings: 1, token: 2 }, connections: { total: 1 } });
    expect((await tool('GET', '/connections')).body.connections?.at(-1)).toMatchObject({ user: APP_USER });
    expect((await tool('GET', '/calls')).body.calls?.at(-2)).toMatchObject({ method: 'emulator', status: 200 });
    expect(await tool('DELETE', '/connections')).toEqual({ status: 200, body: { dropped: expect.any(Number) } });
  });

  test('says where the instances are, and who knows their names', async () => {
    const [instance] = cloud.instances;
    const { PRIMARY, PRIVATE } = cloud.dns.namesOf(ORDERS);
    expect((await tool('GET', '/instances')).body).toEqual({
      instances: [{ ...instance, dnsNames: { PUBLIC: PRIMARY, PRIVATE } }],
      dnsServer: cloud.dns.server,
    });
  });

  test('sets faults of every kind, and ends them', async () => {
    const set = async (fault: object) =>
      expect(await tool('POST', '/faults', fault)).toEqual({ status: 200, body: {} });
    await set({ kind: 'api', method: 'connectSettings', fault: { status: 503 } });
    expect((await callApi()).status).toBe(503);
    await set({ kind: 'api', method: 'connectSettings', fault: null });
    await set({ kind: 'metadata', instance: ORDERS, fault: { region: 'mars' } });
    expect(await (await callApi()).json()).toMatchObject({ region: 'mars' });
    await set({ kind: 'disable', api: 'sqladmin.googleapis.com' });
    expect((await callApi()).status).toBe(403);
    await set({ kind: 'server', instance: ORDERS, fault: { expired: true } });
    await set({ kind: 'connections', instance: ORDERS, fault: 'REFUSED' });
    await set({ kind: 'exchange', instance: ORDERS, fault: 'ERROR' });
    await set({ kind: 'rotateServerCa', instance: ORDERS });
    await set({ kind: 'rotateClientCa' });
    expect(await tool('DELETE', '/faults')).toEqual({ status: 200, body: {} });
    const access = await getAccess(cloud, ORDERS, { email: APP });
    expect(await query(access, { user: APP_USER, database: 'orders' }, 'select 1')).toEqual([1]);
  });

  test('changes how long things live', async () => {
    await tool('POST', '/settings', { tokenLifetimeMs: 5000 });
    expect([cloud.tokenLifetimeMs, cloud.certificateLifetimeMs]).toEqual([5000, 3_600_000]);
    expect((await tool('POST', '/settings', { certificateLifetimeMs: 1000, tokenLifetimeMs: -1 })).status).toBe(400);
    expect(cloud.certificateLifetimeMs).toBe(3_600_000);
    await tool('POST', '/settings', { tokenLifetimeMs: 3_600_000 });
  });

  test.each([
    [
      '/faults',
      { kind: 'nonsense' },
      400,
      'kind: must be api, disable, clock, metadata, server, connections, exchange',
    ],
    ['/faults', { kind: 'api', method: 'conectSettings', fault: {} }, 400, 'must name one of'],
    ['/faults', { kind: 'api', methud: 'token' }, 400, "unknown key 'methud'; did you mean 'method'?"],
    ['/faults', { kind: 'server', instance: 'a:b:c', fault: {} }, 404, "no instance 'a:b:c'"],
    ['/faults', '{', 400, 'Invalid JSON payload'],
    ['/settings', { tokenLifetime: 1 }, 400, "did you mean 'tokenLifetimeMs'?"],
  ])('%s explains what is wrong with %j', async (path, body, status, message) => {
    const answer = await tool('POST', path, body);
    expect(answer).toMatchObject({ status, body: { error: { message: expect.stringContaining(message) } } });
  });

  test('is not for web pages', async () => {
    const fault = { kind: 'rotateClientCa' };
    const strangers: Record<string, string>[] = [{ origin: 'https://example.com' }, { 'content-type': 'text/plain' }];
    for (const headers of strangers) expect((await tool('POST', '/faults', fault, headers)).status).toBe(403);
    const rebound = fetch(`${cloud.url.replace('127.0.0.1', 'localhost')}/emulator/statistics`);
    expect((await rebound).status).toBe(200);
  });
});
