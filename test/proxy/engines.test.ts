import { Connection, type ConnectionConfiguration } from 'tedious';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { app, appUser, instance } from '../cloud.ts';
import { query } from '../local-client.ts';
import { type SqlServerCloud, sqlUser, startSqlServerCloud } from '../sql-server-cloud.ts';
import { ProxyProcess } from './proxy-process.ts';
import { onPort, proxyUrl } from './proxy-urls.ts';

const postgres = 'demo-shop:europe-west1:postgres';
let cloud: SqlServerCloud;

beforeAll(async () => {
  cloud = await startSqlServerCloud({}, [{ name: postgres, databases: ['orders'], users: [{ email: app }] }]);
});

afterAll(() => cloud.close());

/** Logs in with tedious, and hangs up. */
async function logIn(address: string): Promise<void> {
  const [server = '', port] = address.split(':');
  const options = { port: Number(port), database: 'orders', encrypt: false, trustServerCertificate: true };
  const authentication = { type: 'default', options: { userName: sqlUser.user, password: sqlUser.password } };
  const connection = new Connection({ server, authentication, options } as ConnectionConfiguration);
  await new Promise<void>((resolve, reject) => connection.connect((error) => (error ? reject(error) : resolve())));
  connection.close();
}

it('serves SQL Server beside PostgreSQL, and refuses in its protocol', async () => {
  const names = [await onPort(instance, 'max-connections=1'), await onPort(postgres), '--lazy-refresh'];
  await using proxy = await ProxyProcess.ready(names, cloud.emulator.env);
  await logIn(proxy.at(instance));
  expect(cloud.peer.logins.at(-1)).toMatchObject({ ...sqlUser, database: 'orders' });
  expect(await query(proxyUrl(proxy, postgres))).toEqual({ user: appUser, db: 'orders' });
  await cloud.emulator.faults.connections(instance, 'REFUSED');
  await expect(logIn(proxy.at(instance))).rejects.toThrow(/No connection to 127\.\S+ .*\(CLOUDSQL_DIAL_FAILED\)/);
});

it('says that SQL Server knows no IAM login before anybody tries', async () => {
  const proxy = new ProxyProcess([await onPort(instance)], cloud.emulator.env);
  await using _ = proxy;
  expect(await proxy.ended).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('runs SQL Server, which knows no IAM login Add ?auto-iam-authn=false'),
  });
});
