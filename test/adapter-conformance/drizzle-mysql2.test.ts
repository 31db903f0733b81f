import { conformance } from './conformance.ts';
import { mysqlEngine } from './engines/mysql.ts';
import { drizzleErrors, mysql2Errors } from './errors.ts';
import { rows } from './rows.ts';

conformance({ row: await rows['drizzle + mysql2'](), engine: mysqlEngine, errors: drizzleErrors(mysql2Errors) });
