import { PrismaCloudSql } from '@x/prisma-cloudsql/mssql';
import { login, tellOne } from './sql-server.ts';

// The adapter itself, as a PrismaClient calls it.
const adapter = await new PrismaCloudSql(login).connect();
const { rows } = await adapter.queryRaw({ sql: 'select 1 as one', args: [], argTypes: [] });
await adapter.dispose();
tellOne(rows[0]?.[0]);
