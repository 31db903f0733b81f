import { Connection, type ConnectionConfiguration } from 'tedious';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { instance } from '../cloud.ts';
import { freePort } from '../free-port.ts';
import { type SqlServerCloud, sqlUser, startSqlServerCloud } from '../sql-server-cloud.ts';
import { ProxyProcess } from './proxy-process.ts';

let cloud: SqlServerCloud;
let proxy: ProxyProcess;
let port: number;

beforeAll(async () => {
  cloud = await startSqlServerCloud();
  port = await freePort();
  proxy = await ProxyProcess.ready([`${instance}?port=${port}`], cloud.emulator.env);
});

afterAll(async () => {
  await proxy?.[Symbol.asyncDispose]();
  await cloud?.close();
});

/** Logs in with tedious through the proxy, and hangs up. */
async function logIn(password: string): Promise<void> {
  const connection = new Connection({
    server: '127.0.0.1',
    authentication: { type: 'default', options: { userName: sqlUser.user, password } },
    options: { port, database: 'orders', encrypt: false, trustServerCertificate: true },
  } as ConnectionConfiguration);
  await new Promise<void>((resolve, reject) => connection.connect((error) => (error ? reject(error) : resolve())));
  connection.close();
}

it('a proxy passes the logins of SQL Server on', async () => {
  expect(proxy.at(instance)).toBe(`127.0.0.1:${port}`);
  await logIn(sqlUser.password);
  expect(cloud.peer.logins.at(-1)).toMatchObject({ ...sqlUser, database: 'orders' });
  await expect(logIn('wrong')).rejects.toMatchObject({ code: 'ELOGIN', message: "Login failed for user 'app'." });
});

it('a proxy says why it reaches no SQL Server, in its words', async () => {
  await cloud.emulator.faults.connections(instance, 'REFUSED');
  await expect(logIn(sqlUser.password)).rejects.toMatchObject({
    code: 'ELOGIN',
    message: expect.stringMatching(/^No connection to .* \(CLOUDSQL_DIAL_FAILED\)$/),
  });
});
