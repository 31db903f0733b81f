import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Connector } from '@x/cloudsql-core';
import { mariadbOptions } from '@x/cloudsql-core/mariadb';
import { mysql2Options } from '@x/cloudsql-core/mysql2';
import { pgOptions } from '@x/cloudsql-core/pg';
import { postgresOptions } from '@x/cloudsql-core/postgres';
import { tediousOptions } from '@x/cloudsql-core/tedious';
import mariadb from 'mariadb';
import mysql from 'mysql2/promise';
import pg from 'pg';
import postgres from 'postgres';
import { Connection } from 'tedious';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Authority } from '../packages/cloudsql-core/test/authority.ts';
import { hasOpenssl, OpensslServer } from '../packages/cloudsql-core/test/openssl-server.ts';

// An instance that refuses the client's certificate, as Google's servers do: after the handshake, in an alert. What each
// driver then says, and that a new certificate is asked for. A server of Node's would send no alert.

const instance = 'shop:europe-west1:orders';
const address = `127.${randomInt(2, 250)}.${randomInt(250)}.${randomInt(2, 250)}`;
let server: OpensslServer;
let api: http.Server;
/** How many certificates the API has issued, all of an authority that the server does not trust. */
let issued = 0;
let databaseVersion = '';

beforeAll(async () => {
  const [own, trusted, other] = await Promise.all(['own', 'trusted', 'other'].map((name) => Authority.create(name)));
  server = await OpensslServer.start({
    identity: await own!.issue('shop:orders'),
    clientCa: trusted!.pem,
    at: `${address}:3307`,
  });
  api = http.createServer((request, response) => {
    answer(request).then(
      (body) => response.end(JSON.stringify(body)),
      (error: Error) => response.writeHead(500).end(error.message),
    );
  });
  async function answer(request: http.IncomingMessage): Promise<object> {
    if (request.method === 'GET') {
      const ipAddresses = [{ type: 'PRIMARY', ipAddress: address }];
      return { region: 'europe-west1', databaseVersion, ipAddresses, serverCaCert: { cert: own!.pem } };
    }
    issued++;
    const { public_key: publicKey } = JSON.parse((await request.toArray()).join('')) as { public_key: string };
    return { ephemeralCert: { cert: (await other!.issue('client', { publicKey })).cert } };
  }
  api.listen(0, '127.0.0.1');
  await once(api, 'listening');
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  api.close();
  await once(api, 'close');
});

const login = { instance, user: 'app', password: 'correct horse', database: 'orders' };

/** Each driver's attempt to connect, and the version of a database that it speaks with. */
const drivers: [name: string, version: string, connect: (connector: Connector) => Promise<unknown>][] = [
  ['pg', 'POSTGRES_17', (connector) => new pg.Client(pgOptions({ ...login, connector })).connect()],
  [
    'postgres.js',
    'POSTGRES_17',
    async (connector) => {
      const sql = postgres(postgresOptions({ ...login, connector, max: 1 }));
      await sql`select 1`.finally(() => sql.end());
    },
  ],
  ['mysql2', 'MYSQL_8_4', (connector) => mysql.createConnection(mysql2Options({ ...login, connector }))],
  ['mariadb', 'MYSQL_8_4', (connector) => mariadb.createConnection(mariadbOptions({ ...login, connector }))],
  [
    'tedious',
    'SQLSERVER_2022_STANDARD',
    (connector) =>
      new Promise((resolve, reject) => {
        // What happened is in the cause of tedious's own error.
        const done = (error?: Error & { cause?: unknown }): void => (error ? reject(error.cause) : resolve(undefined));
        new Connection(tediousOptions({ ...login, connector })).connect(done);
      }),
  ],
];

describe.runIf(hasOpenssl)('a refused client certificate', () => {
  it.each(drivers)('is what %s says, and a new one is asked for', async (_, version, connect) => {
    databaseVersion = version;
    issued = 0;
    const { port } = api.address() as AddressInfo;
    await using connector = new Connector({
      credentials: { accessToken: 'a', loginToken: 'b' },
      endpoints: { sqlAdmin: `http://127.0.0.1:${port}` },
    });
    const error = await connect(connector).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      message: expect.stringMatching(/^The server closed the connection at once: .*alert.* \(instance "shop:/s),
      reason: 'CLOUDSQL_SERVER_CLOSED',
      retryable: true,
      cause: { code: expect.stringMatching(/^ERR_SSL_.*ALERT_UNKNOWN_CA$/) },
    });
    await expect.poll(() => issued, { timeout: 10_000 }).toBe(2);
  });
});

if (!hasOpenssl) it('a client certificate is refused by OpenSSL', ({ skip }) => skip('openssl is not installed'));
