import { conformance } from './conformance.ts';
import { mysqlEngine } from './engines/mysql.ts';
import { mysql2Errors, typeormErrors } from './errors.ts';
import { rows } from './rows.ts';

conformance({ row: await rows['typeorm + mysql2'](), engine: mysqlEngine, errors: typeormErrors(mysql2Errors) });
