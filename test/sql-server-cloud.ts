import { type Emulator, type InstanceOptions, startEmulator } from '@x/cloudsql-emulator';
import { app, instance } from './cloud.ts';
import { type PeerOptions, SqlServerPeer } from './sql-server-peer/peer.ts';

/** The database user of the tests. */
export const sqlUser = { user: 'app', password: 'correct horse' } as const;

/** An emulator whose instance is SQL Server, and what stands in for that. */
export interface SqlServerCloud extends AsyncDisposable {
  readonly emulator: Emulator;
  readonly peer: SqlServerPeer;
  close(): Promise<void>;
}

/** Starts both, and more instances next to them. */
export async function startSqlServerCloud(
  peerOptions: Partial<PeerOptions> = {},
  more: readonly InstanceOptions[] = [],
): Promise<SqlServerCloud> {
  const peer = await SqlServerPeer.start({ users: { [sqlUser.user]: sqlUser.password }, ...peerOptions });
  const emulator = await startEmulator({
    principals: [{ email: app }],
    instances: [{ name: instance, databaseVersion: 'SQLSERVER_2022_STANDARD', databaseUrl: peer.url }, ...more],
  });
  const close = async (): Promise<void> => {
    await emulator.close();
    await peer.close();
  };
  return { emulator, peer, close, [Symbol.asyncDispose]: close };
}
