import { randomUUID } from 'node:crypto';
import { type Adapter, connect } from './connection.ts';
import { createDatabase, dropDatabase } from './databases.ts';
import { parseTarget, type Target, withDatabase } from './target.ts';
import { UserError } from './user-error.ts';

/** Where the engine gets its databases from. */
export interface AdapterFactory {
  readonly provider: 'postgres';
  readonly adapterName: string;
  connect(): Promise<Adapter>;
  /** Makes the database in which `prisma migrate dev` replays the migrations, and drops it with the adapter. */
  connectToShadowDb(): Promise<Adapter>;
  /** Ends every session and drops what was made. */
  close(): Promise<void>;
}

/** Makes the adapters of one run. `target` is a function, so that a command without a database needs no URL. */
export function adapterFactory(target: () => Target, shadowUrl: string | undefined): AdapterFactory {
  const open = new Set<Adapter>();
  const track = (adapter: Adapter, afterwards?: () => Promise<void>): Adapter => {
    const dispose = adapter.dispose.bind(adapter);
    adapter.dispose = async () => {
      if (!open.delete(adapter)) return;
      await dispose();
      await afterwards?.();
    };
    open.add(adapter);
    return adapter;
  };
  return {
    provider: 'postgres',
    adapterName: '@prisma/adapter-pg',
    connect: async () => track(await connect(target())),
    connectToShadowDb: async () => {
      if (shadowUrl) return track(await connectToGivenShadow(parseTarget(shadowUrl), target()));
      const admin = track(await connect(target()));
      const database = `prisma_migrate_shadow_db_${randomUUID()}`;
      await createDatabase(admin, database);
      const drop = async (): Promise<void> => {
        await dropDatabase(admin, database);
        await admin.dispose();
      };
      try {
        return track(await connect(withDatabase(target(), database)), drop);
      } catch (error) {
        await drop();
        throw error;
      }
    },
    close: async () => {
      // The shadow database is younger than the session that drops it.
      for (const adapter of [...open].reverse()) await adapter.dispose();
    },
  };
}

// What stands in a shadow database is not worth anything, and would be taken for the work of a migration.
async function connectToGivenShadow(shadow: Target, main: Target): Promise<Adapter> {
  if (shadow.instance === main.instance && shadow.database === main.database) {
    throw new UserError('P3020', 'The shadow database is the database itself: it would be emptied.');
  }
  const adapter = await connect(shadow);
  const schema = `"${shadow.schema.replaceAll('"', '""')}"`;
  await adapter.underlyingDriver().query(`DROP SCHEMA IF EXISTS ${schema} CASCADE; CREATE SCHEMA ${schema}`);
  return adapter;
}
