import { type Emulator, type InstanceOptions, startEmulator } from '@x/cloudsql-emulator';
import { SqlServerPeer } from '../sql-server-peer/peer.ts';
import type { Engine } from './rows.ts';

export const email = 'app@shop.iam.gserviceaccount.com';

/** The instance of each engine. */
export const instances: Readonly<Record<Engine, string>> = {
  POSTGRES: 'shop:europe-west1:orders',
  MYSQL: 'shop:europe-west1:ledger',
  SQLSERVER: 'shop:europe-west1:stock',
};

/** What a program prints if all went well. */
export const printed: Readonly<Record<Engine, readonly string[]>> = {
  POSTGRES: ["currentUser: 'app@shop.iam'", 'rowsRead: 21'],
  MYSQL: ["currentUser: 'app@%'", 'rowsRead: 21'],
  SQLSERVER: ['one: 1'],
};

/** One instance of each engine that is asked for; of MySQL there must be one on this machine. */
export async function startMatrixCloud(
  engines: ReadonlySet<Engine>,
): Promise<{ cloud: Emulator; close(): Promise<void> }> {
  const peer = engines.has('SQLSERVER') ? await SqlServerPeer.start({ users: { app: 'correct horse' } }) : undefined;
  const common = { databases: ['orders'], users: [{ email, databaseRoles: ['cloudsqlsuperuser'] }] };
  const all: readonly InstanceOptions[] = [
    { name: instances.POSTGRES, ...common },
    ...(engines.has('MYSQL') ? [{ name: instances.MYSQL, databaseVersion: 'MYSQL_8_4' as const, ...common }] : []),
    ...(peer
      ? [{ name: instances.SQLSERVER, databaseVersion: 'SQLSERVER_2022_STANDARD' as const, databaseUrl: peer.url }]
      : []),
  ];
  const cloud = await startEmulator({ principals: [{ email }], instances: all });
  return {
    cloud,
    close: async () => {
      await cloud.close();
      await peer?.close();
    },
  };
}
