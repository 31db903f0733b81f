import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Connector } from '@x/cloudsql-core';
import type { Emulator } from '@x/cloudsql-emulator';
import { type Refusal, type Row, runPrograms } from '@x/demo';
import { generate } from '@x/example-prisma/migrate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { app, appUser, instance, setEnv, startCloud } from './cloud.ts';

const run = promisify(execFile);
const demo = new URL('../examples/demo/main.ts', import.meta.url).pathname;
const orms = new Set(['drizzle', 'knex', 'prisma', 'sequelize', 'typeorm']);

/** Runs the demo as a user does, and reads what it prints. */
async function runDemo(
  env: Readonly<Record<string, string>> = {},
): Promise<{ rows: Row[]; last: Refusal | undefined }> {
  const { stdout } = await run(process.execPath, [demo, '--json'], {
    env: { ...process.env, ...env },
    timeout: 60_000,
  });
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row | Refusal);
  return {
    rows: lines.filter((line): line is Row => 'orm' in line),
    last: lines.find((line): line is Refusal => 'refused' in line),
  };
}

beforeAll(() => generate());

describe('npm run demo -- --json', () => {
  it('prints a row for each ORM and type of address, and a refused login that is allowed after the grant', async () => {
    const { rows, last } = await runDemo();
    for (const ipType of ['PUBLIC', 'PRIVATE']) {
      const some = rows.filter((row) => row.ipType === ipType);
      expect(new Set(some.map(({ orm }) => orm))).toEqual(orms);
      expect(some).toHaveLength(orms.size);
    }
    for (const row of rows) {
      expect(row).toMatchObject({
        ok: true,
        currentUser: appUser,
        rowsWritten: 21,
        rowsRead: 21,
        tlsProtocol: 'TLSv1.3',
      });
      expect(row.ormVersion).toMatch(/^\d+\.\d+\.\d+/);
      expect(row.driver).toMatch(/^pg \d/);
    }
    expect(last).toEqual({
      refused: true,
      code: '28P01',
      message: 'Cloud SQL IAM service account authentication failed for user "newcomer@demo-shop.iam"',
      allowedAfterGrant: true,
    });
  });

  it('runs against an existing instance with Application Default Credentials, without the emulator variable', async () => {
    // Captures googleapis.com, so that the programs, google-auth-library and the Admin API calls are as in production.
    const shop = 'shop:europe-west1:orders';
    const account = 'app@shop.iam.gserviceaccount.com';
    await using cloud = await startCloud({
      principals: [{ email: account }],
      instances: [
        { name: shop, databases: ['orders'], users: [{ email: account, databaseRoles: ['cloudsqlsuperuser'] }] },
      ],
    });
    const env = {
      ...cloud.googleEnv(account, { intercept: true }),
      INSTANCE_CONNECTION_NAME: shop,
      CLOUDSQL_EMULATOR_HOST: '',
    };
    for (const [ipType, variables] of [
      ['PUBLIC', {}],
      ['PRIVATE', { PRIVATE_IP: '1', DB_NAME: 'orders', DB_IAM_USER: 'app@shop.iam' }],
    ] as const) {
      const { rows, last } = await runDemo({ ...env, ...variables });
      expect(new Set(rows.map(({ orm }) => orm))).toEqual(orms);
      for (const row of rows)
        expect(row).toMatchObject({ ok: true, ipType, currentUser: 'app@shop.iam', rowsRead: 21 });
      expect(last).toBeUndefined();
    }
    expect(cloud.statistics().calls.connect).toBeGreaterThan(0);
  });
});

describe('what a row says', () => {
  let cloud: Emulator;

  beforeAll(async () => {
    cloud = await startCloud();
    setEnv(cloud.env);
  });

  afterAll(() => cloud.close());

  /** Runs the programs with a connector of their own, and pairs each row with the emulator's records of it. */
  async function rowsAndRecords(): Promise<{ row: Row; records: Emulator['connections'] }[]> {
    const connector = new Connector();
    const pairs: { row: Row; records: Emulator['connections'] }[] = [];
    try {
      for (const ipType of ['PUBLIC', 'PRIVATE'] as const) {
        const before = cloud.connections.length;
        await runPrograms({ instance, database: 'orders', connector }, [ipType], (row) => {
          pairs.push({ row, records: cloud.connections.slice(before) });
        });
      }
    } finally {
      await connector.close();
    }
    return pairs;
  }

  it('is what the emulator recorded of the connection, and changes with the life of the certificate', async () => {
    const seen: string[] = [];
    for (const life of [3_600_000, 1_200_000]) {
      cloud.certificateLifetimeMs = life;
      const issued = Date.now();
      const pairs = await rowsAndRecords();
      expect(pairs).toHaveLength(10);
      for (const { row, records } of pairs) {
        expect(row.error).toBeUndefined();
        const { ipType, currentUser: user, tlsProtocol, tlsCipher } = row;
        const record = records.find(
          ({ certificateExpires }) => certificateExpires.toISOString() === row.certificateExpires,
        );
        expect(record).toMatchObject({ ipType, user, tlsProtocol, tlsCipher, principal: app });
        expect(Math.abs(Date.parse(row.certificateExpires) - (issued + life))).toBeLessThan(120_000);
        seen.push(row.certificateExpires);
      }
    }
    expect(new Set(seen).size).toBeGreaterThan(1);
  });
});
