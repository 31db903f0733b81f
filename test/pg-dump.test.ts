import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Emulator } from '@x/cloudsql-emulator';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { primary } from './alloydb-cloud.ts';
import { run } from './child.ts';
import { cloudsql } from './cli/cloudsql.ts';
import { app, appUser, instance, native, startCloud } from './cloud.ts';
import { freePort } from './free-port.ts';
import { ProxyProcess } from './proxy/proxy-process.ts';
import { SystemPostgres, systemPostgres } from './system-postgres.ts';

// pg_dump refuses a server that is newer than itself, so the instances run the PostgreSQL that it came with.

const bin = systemPostgres();
const instances = [instance, primary];
const logins = [
  { user: appUser, iam: true },
  { user: native.name, iam: false },
];
const ways = ['TCP', 'a Unix socket'] as const;
const cases = instances.flatMap((name) => logins.flatMap((login) => ways.map((way) => ({ name, ...login, way }))));

const dumped = /COPY public\.dumped \(answer\) FROM stdin;\n42\n/;

let servers: SystemPostgres[] = [];
let cloud: Emulator;
let proxy: ProxyProcess;
const places: { host: string; port: string }[] = [];

beforeAll(async () => {
  if (bin === undefined) return;
  servers = await Promise.all(instances.map(() => SystemPostgres.start(bin)));
  const users = [{ email: app }, native];
  cloud = await startCloud({
    instances: instances.map((name, i) => ({ name, databaseUrl: servers[i]!.url, databases: ['orders'], users })),
  });
  for (const server of servers) {
    const client = new pg.Client(server.url.replace('/postgres?', '/orders?'));
    await client.connect();
    await client.query('create table dumped as select 42 as answer; grant select on dumped to public');
    await client.end();
  }
  const folder = path.dirname(cloud.caFile);
  const names: string[] = [];
  for (const [i, { name, iam, way }] of cases.entries()) {
    const place =
      way === 'TCP'
        ? { host: '127.0.0.1', port: String(await freePort()) }
        : { host: path.join(folder, `s${i}`), port: '5432' };
    places.push(place);
    const where = way === 'TCP' ? `port=${place.port}` : `unix-socket-path=${place.host}`;
    names.push(`${name}?${where}&auto-iam-authn=${iam}`);
  }
  proxy = await ProxyProcess.ready(names, cloud.env);
});

afterAll(async () => {
  await proxy?.[Symbol.asyncDispose]();
  await cloud?.close();
  await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
});

describe.runIf(bin !== undefined)('pg_dump dumps', () => {
  it.each(instances)('%s, started by cloudsql exec', async (name) => {
    const file = path.join(proxy.folder, 'dump.sql');
    const command = ['--', 'pg_dump', '--no-owner', '--table', 'dumped', '--file', file];
    const outcome = await cloudsql(['exec', name, '--database', 'orders', ...command], cloud.env);
    expect(outcome).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(readFileSync(file, 'utf8')).toMatch(dumped);
  });

  it.each(cases.map((each, i) => ({ ...each, i })))('$name as $user over $way', async ({ user, iam, i }) => {
    const file = path.join(proxy.folder, `dump-${i}.sql`);
    const { host, port } = places[i]!;
    const env = {
      PATH: process.env.PATH,
      PGHOST: host,
      PGPORT: port,
      PGUSER: user,
      PGDATABASE: 'orders',
      ...(iam ? {} : { PGPASSWORD: native.password }),
    };
    expect(await run('pg_dump', ['--no-owner', '--table', 'dumped', '--file', file], { env })).toEqual({
      code: 0,
      output: '',
    });
    expect(readFileSync(file, 'utf8')).toMatch(dumped);
  });
});

if (bin === undefined) it('pg_dump dumps', ({ skip }) => skip('no PostgreSQL server of its version is installed'));
