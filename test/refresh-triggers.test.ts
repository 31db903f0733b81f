import { Connector } from '@x/cloudsql-core';
import { pgOptions } from '@x/cloudsql-core/pg';
import type { Emulator } from '@x/cloudsql-emulator';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { primary, startAlloyDb } from './alloydb-cloud.ts';
import { app, instance, setEnv, startCloud } from './cloud.ts';

// What a connection that fails has to do with certificates: which failure has a new one fetched before its time, and that
// the next connections are good.

let cloudSql: Emulator;
let alloyDb: Emulator;

beforeAll(async () => {
  [cloudSql, alloyDb] = await Promise.all([startCloud(), startAlloyDb({ principals: [{ email: app }] })]);
  const { ALLOYDB_EMULATOR_HOST = '' } = alloyDb.env;
  setEnv({ ...cloudSql.env, ALLOYDB_EMULATOR_HOST });
});

afterEach(() => Promise.all([cloudSql.faults.clear(), alloyDb.faults.clear()]));
afterAll(() => Promise.all([cloudSql.close(), alloyDb.close()]));

type Spoil = (cloud: Emulator, name: string) => Promise<unknown>;

const failures: [what: string, spoil: Spoil, code: string][] = [
  ['nobody answers', (cloud, name) => cloud.faults.connections(name, 'REFUSED'), 'CLOUDSQL_DIAL_FAILED'],
  ['the server has a new authority', (cloud, name) => cloud.faults.rotateServerCa(name), 'CLOUDSQL_SERVER_IDENTITY'],
  [
    "the server does not know the client's authority any more",
    (cloud, name) => cloud.faults.rotateClientCa(name),
    'CLOUDSQL_SERVER_CLOSED',
  ],
];

const places: [service: string, name: string, cloud: () => Emulator, method: string][] = [
  ['Cloud SQL', instance, () => cloudSql, 'generateEphemeralCert'],
  ['AlloyDB', primary, () => alloyDb, 'generateClientCertificate'],
];

describe.each(places)('of %s', (_, name, cloudOf, method) => {
  describe.each(['AHEAD', 'LAZY'])('refreshed %s', (refresh) => {
    it.each(failures)('a new certificate is fetched when %s, and then all is well', async (_what, spoil, code) => {
      const cloud = cloudOf();
      await using connector = new Connector({ refresh });
      const connect = async (): Promise<string> => {
        const client = new pg.Client(pgOptions({ instance: name, database: 'orders', connector }));
        // The emulator, written in Node, hangs up without a word; what pg says after that has no reader.
        client.on('error', () => {});
        try {
          await client.connect();
          await client.end();
          return 'connected';
        } catch (error) {
          const { code, reason } = error as { code?: string; reason?: string };
          return reason ?? code ?? String(error);
        }
      };
      expect(await connect()).toBe('connected');
      cloud.resetStatistics();
      await spoil(cloud, name);
      expect(await connect()).toBe(code);
      await cloud.faults.clear();
      // Ahead, the old one stays in use until the new one is there.
      await expect.poll(connect, { timeout: 20_000 }).toBe('connected');
      await expect.poll(() => cloud.statistics().calls[method], { timeout: 20_000 }).toBe(1);
    });
  });
});
