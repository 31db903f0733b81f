import { Connector } from '@x/cloudsql-core';
import { drizzle } from '@x/drizzle-cloudsql';
import { sql } from 'drizzle-orm';

// No `await` at the top level: it has to be bundled as CommonJS, too.
async function main(): Promise<void> {
  const connector = new Connector();
  const { INSTANCE_CONNECTION_NAME: instance = '' } = process.env;
  const db = drizzle({ connection: { instance, database: 'orders', connector } });
  const { rows } = await db.execute<{ name: string }>(sql`select current_user as name`);
  await db.$client.end();
  await connector.close();
  console.log(`${rows[0]?.name} on Node ${process.version}`);
}

void main();
