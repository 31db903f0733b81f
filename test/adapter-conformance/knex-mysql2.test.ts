import { conformance } from './conformance.ts';
import { mysqlEngine } from './engines/mysql.ts';
import { mysql2Errors } from './errors.ts';
import { rows } from './rows.ts';

conformance({ row: await rows['knex + mysql2'](), engine: mysqlEngine, errors: mysql2Errors });
