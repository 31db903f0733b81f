import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Emulator } from '../src/index.ts';
import { getAccess, getToken, SCOPE } from './client.ts';
import { ADA, APP, APP_USER, ORDERS, startTestEmulator } from './setup.ts';

// PostgreSQL's own client over OpenSSL's own client: neither Node's TLS nor a line of ours is on the client's side. psql
// cannot begin with TLS by itself, as Cloud SQL wants it, so each of its connections is handed to `openssl s_client`.

const missing = ['psql', 'openssl'].filter((program) => spawnSync(program, ['--version']).error);
if (missing.length > 0) process.stderr.write(`Skipping psql as a client: there is no ${missing.join(', no ')} here.\n`);
const isHere = missing.length === 0;

let cloud: Emulator;
let folder: string;
beforeAll(async () => {
  cloud = await startTestEmulator();
  folder = mkdtempSync(join(tmpdir(), 'psql-'));
});
afterAll(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true });
});

/** Runs a statement with psql, as the principal in the certificate. */
async function psql(login: string | false, user: string, password = ''): Promise<{ output: string; error: string }> {
  const access = await getAccess(cloud, ORDERS, { email: APP, login });
  for (const [name, text] of Object.entries({ ca: access.serverCa, cert: access.cert, key: access.key })) {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
  }
  const children = new Set<Promise<unknown>>();
  const server = createServer((socket) => children.add(tunnel(socket, access.addresses.get('PRIMARY')!)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await new Promise((resolve) => {
      const { port } = server.address() as AddressInfo;
      const target = `host=127.0.0.1 port=${port} sslmode=disable dbname=orders user='${user}' connect_timeout=20`;
      const env = { PATH: process.env.PATH, PGPASSWORD: password, LC_ALL: 'C' };
      const args = ['-X', '-w', '-A', '-t', target, '-c', 'select current_user, pg_backend_pid() > 0'];
      execFile('psql', args, { env }, (_error, output, error) => resolve({ output: output.trim(), error }));
    });
  } finally {
    await Promise.all(children);
    await closed(server);
  }
}

/** Joins a connection with OpenSSL's client, until both have ended. */
async function tunnel(socket: Socket, address: string): Promise<void> {
  const tls = ['-connect', `${address}:3307`, '-tls1_3', '-quiet', '-verify_return_error', '-CAfile', 'ca'];
  const openssl = spawn('openssl', ['s_client', ...tls, '-cert', 'cert', '-key', 'key'], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  for (const stream of [socket, openssl.stdin]) stream.on('error', () => undefined);
  socket.pipe(openssl.stdin);
  openssl.stdout.pipe(socket);
  socket.once('close', () => openssl.kill());
  await once(openssl, 'exit');
  socket.end();
}

async function closed(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}

test.skipIf(!isHere)('psql logs in with automatic IAM, with a token as its password, and with a password', async () => {
  expect(await psql(APP, APP_USER)).toEqual({ output: `${APP_USER}|t`, error: '' });
  const record = cloud.connections.at(-1);
  expect(record).toMatchObject({ principal: APP, user: APP_USER, applicationName: 'psql', tlsProtocol: 'TLSv1.3' });
  expect((await psql(false, APP_USER, await getToken(cloud, APP, SCOPE.login))).output).toBe(`${APP_USER}|t`);
  expect((await psql(false, 'native', 'secret')).output).toBe('native|t');
});

test.skipIf(!isHere)('psql shows why a login was refused', async () => {
  expect((await psql(APP, ADA)).error).toContain(`FATAL:  Cloud SQL IAM user authentication failed for user "${ADA}"`);
  expect((await psql(false, APP_USER, await getToken(cloud, ADA))).error).toContain(
    `FATAL:  Cloud SQL IAM service account authentication failed for user "${APP_USER}"`,
  );
  expect((await psql(false, 'native', 'wrong')).error).toContain('password authentication failed for user "native"');
});
