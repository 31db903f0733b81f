import path from 'node:path';
import type { Emulator } from '@x/cloudsql-emulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { primary } from '../alloydb-cloud.ts';
import { type Outcome, run } from '../child.ts';
import { appUser, instance, native } from '../cloud.ts';
import { freePort } from '../free-port.ts';
import { startProxyCloud } from './proxy-cloud.ts';
import { ProxyProcess } from './proxy-process.ts';

// The programs that people have, through the proxy as they start it. pg_dump is in ../pg-dump.test.ts.

let cloud: Emulator;
let proxy: ProxyProcess;
const ports: Record<string, number> = {};
const sockets: Record<string, string> = {};

const services = [
  ['Cloud SQL', instance, 'c'],
  ['AlloyDB', primary, 'a'],
] as const;
const logins = [
  ['IAM', 'i', { user: appUser, password: undefined }],
  ['a password', 'p', { user: native.name, password: native.password }],
] as const;
const ways = ['TCP', 'a Unix socket'] as const;

beforeAll(async () => {
  cloud = await startProxyCloud();
  const folder = cloud.caFile.replace(/[^/]+$/, '');
  const names: string[] = [];
  for (const [, name, service] of services) {
    for (const [, login] of logins) {
      const key = `${service}${login}`;
      ports[key] = await freePort();
      sockets[key] = path.join(folder, key);
      const iam = `auto-iam-authn=${login === 'i'}`;
      names.push(`${name}?port=${ports[key]}&${iam}`, `${name}?unix-socket-path=${sockets[key]}&${iam}`);
    }
  }
  proxy = await ProxyProcess.ready(names, cloud.env);
});

afterAll(async () => {
  await proxy?.[Symbol.asyncDispose]();
  await cloud?.close();
});

const cases = services.flatMap(([serviceName, , service]) =>
  logins.flatMap(([loginName, login, who]) =>
    ways.map((way) => ({ title: `${serviceName} with ${loginName} over ${way}`, key: `${service}${login}`, way, who })),
  ),
);

describe.each(cases)('$title', ({ key, way, who }) => {
  /** Runs a client that is told by its environment where the database is. */
  const client = (program: string, args: readonly string[]): Promise<Outcome> =>
    run(program, args, {
      env: {
        PATH: process.env.PATH,
        PGHOST: way === 'TCP' ? '127.0.0.1' : sockets[key],
        PGPORT: way === 'TCP' ? String(ports[key]) : '5432',
        PGUSER: who.user,
        PGDATABASE: 'orders',
        ...(who.password === undefined ? {} : { PGPASSWORD: who.password }),
      },
    });

  it('serves psql', async () => {
    const sql = "select current_user, current_database(), length(repeat('x', 1000000))";
    expect(await client('psql', ['-XwAtc', sql])).toEqual({ code: 0, output: `${who.user}|orders|1000000\n` });
  });

  it('serves pgbench', async () => {
    const prepared = await client('pgbench', ['-iq', '-s', '1', '-I', 'dtg']);
    expect(prepared.code, prepared.output).toBe(0);
    const { code, output } = await client('pgbench', ['-n', '-S', '-c', '4', '-t', '25']);
    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining('processed: 100/100') });
    expect(output).toContain('number of failed transactions: 0');
  });
});

it('tells a client whose password is wrong what the server says', async () => {
  const env = { PATH: process.env.PATH, PGPASSWORD: 'wrong', PGUSER: native.name, PGDATABASE: 'orders' };
  const { code, output } = await run('psql', ['-Xw', '-h', '127.0.0.1', '-p', String(ports.cp), '-c', 'select 1'], {
    env,
  });
  expect(code).toBe(2);
  expect(output).toContain('FATAL:  password authentication failed for user "native"');
});
