import net from 'node:net';
import { Connection, type ConnectionConfiguration, Request } from 'tedious';
import { afterEach, describe, expect, it } from 'vitest';
import { type PeerOptions, SqlServerPeer } from './sql-server-peer/peer.ts';

const users = { sa: 'correct horse' };
let peer: SqlServerPeer;

afterEach(() => peer.close());

/** Logs in with tedious alone, and asks for something. */
async function ask(sql: string, { password = users.sa, ...options }: Record<string, unknown> = {}): Promise<unknown> {
  const config = {
    server: 'peer.invalid',
    authentication: { type: 'default', options: { userName: 'sa', password } },
    options: {
      database: 'orders',
      encrypt: false,
      trustServerCertificate: true,
      connector: async () => net.connect(peer.socketPath),
      ...options,
    },
  } as ConnectionConfiguration;
  const connection = new Connection(config);
  await new Promise<void>((resolve, reject) => connection.connect((error) => (error ? reject(error) : resolve())));
  try {
    return await new Promise((resolve, reject) => {
      let value: unknown;
      const request = new Request(sql, (error) => (error ? reject(error) : resolve(value)));
      request.on('row', ([column]) => {
        value = column.value;
      });
      connection.execSql(request);
    });
  } finally {
    connection.close();
  }
}

async function start(options: Partial<PeerOptions> = {}): Promise<void> {
  peer = await SqlServerPeer.start({ users, ...options });
}

describe('the peer that stands in for SQL Server', () => {
  it('lets tedious log in and answers one SELECT', async () => {
    await start();
    expect(await ask('select 1 as one')).toBe(1);
    expect(await ask('select db_name()')).toBe('orders');
    expect(peer.prelogins).toEqual(['NOT_SUP', 'NOT_SUP']);
    expect(peer.logins[0]).toMatchObject({
      user: 'sa',
      password: users.sa,
      database: 'orders',
      server: 'peer.invalid',
    });
  });

  it('refuses a wrong password, and statements that it does not know', async () => {
    await start();
    await expect(ask('select 1', { password: 'wrong' })).rejects.toMatchObject({ code: 'ELOGIN' });
    await expect(ask('select * from orders')).rejects.toMatchObject({ number: 50_000, code: 'EREQUEST' });
  });

  it('demands encryption inside, where it is told to', async () => {
    await start({ demandsEncryption: true });
    await expect(ask('select 1')).rejects.toMatchObject({ code: 'EENCRYPT' });
    expect(await ask('select 1', { encrypt: true })).toBe(1);
    expect(peer.prelogins).toEqual(['NOT_SUP', 'ON']);
  });
});
