import { Connector } from '@x/cloudsql-core';
import { adminApi, inspectLoginToken, instanceFacts, serverClock } from '@x/cloudsql-core/diagnostics';
import type { Emulator } from '@x/cloudsql-emulator';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { cluster, primary, startAlloyDb } from './alloydb-cloud.ts';
import { app, instance, setEnv, startCloud } from './cloud.ts';

describe.each([
  ['Cloud SQL', instance, (): Promise<Emulator> => startCloud(), '/connectSettings', 'sqlservice'],
  ['AlloyDB', primary, (): Promise<Emulator> => startAlloyDb(), '/connectionInfo', 'alloydb'],
])('what can be found out about an instance of %s', (_, name, start, path, scope) => {
  let cloud: Emulator;
  let connector: Connector;
  const { signal } = new AbortController();

  beforeAll(async () => {
    cloud = await start();
    setEnv(cloud.env);
    connector = new Connector();
  });

  afterAll(async () => {
    await connector.close();
    vi.unstubAllEnvs();
    await cloud.close();
  });

  it('is what its admin API says', async () => {
    const answer = await adminApi(connector, { instance: name, path, signal });
    expect(answer).toMatchObject(
      path === '/connectSettings' ? { connectionName: instance } : { name: `${cluster}/instances/primary${path}` },
    );
  });

  it('is an error of ours where the API refuses', async () => {
    cloud.faults.api('*', { status: 403 });
    const refused = adminApi(connector, { instance: name, path, signal });
    await expect(refused).rejects.toMatchObject({ code: 'CLOUDSQL_PERMISSION_DENIED', instance: name });
    await cloud.faults.clear();
  });

  it('is which addresses there are', async () => {
    const { databaseVersion, addresses, expiresAt } = await instanceFacts(connector, { instance: name });
    expect(databaseVersion).toMatch(/^POSTGRES/);
    expect(addresses).toEqual({ PUBLIC: expect.stringMatching(/^127/), PRIVATE: expect.stringMatching(/^127/) });
    expect(expiresAt.getTime()).toBeGreaterThan(Date.now());
  });

  it('is what time it is there', async () => {
    const { host, aheadMs } = await serverClock(connector, { instance: name, signal });
    expect(host).toBe(cloud.host);
    expect(Math.abs(aheadMs)).toBeLessThan(5000);
  });

  it('is what the login token is good for', async () => {
    expect(await inspectLoginToken(connector, { instance: name })).toEqual({
      token: expect.any(String),
      expiresAt: expect.any(Number),
      scopes: [`https://www.googleapis.com/auth/${scope}.login`],
      principal: app,
      checked: true,
    });
  });

  it('is nothing where the caller gives up, or the API is not there', async () => {
    const reason = new Error('enough');
    const given = AbortSignal.abort(reason);
    await expect(adminApi(connector, { instance: name, path, signal: given })).rejects.toBe(reason);
    await expect(serverClock(connector, { instance: name, signal: given })).rejects.toBe(reason);
    await expect(inspectLoginToken(connector, { instance: name, signal: given })).rejects.toBe(reason);
    setEnv({ CLOUDSQL_EMULATOR_HOST: '127.0.0.1:1', ALLOYDB_EMULATOR_HOST: '127.0.0.1:1' });
    await using lost = new Connector();
    await expect(serverClock(lost, { instance: name, signal })).rejects.toMatchObject({
      code: 'CLOUDSQL_API_UNREACHABLE',
      message: expect.stringContaining('127.0.0.1:1 cannot be reached: connect ECONNREFUSED'),
    });
  });
});
