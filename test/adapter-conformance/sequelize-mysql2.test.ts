import { conformance } from './conformance.ts';
import { mysqlEngine } from './engines/mysql.ts';
import { mysql2Errors, sequelizeErrors } from './errors.ts';
import { rows } from './rows.ts';

conformance({
  row: await rows['sequelize + mysql2'](),
  engine: mysqlEngine,
  errors: sequelizeErrors(mysql2Errors, 'SequelizeAccessDeniedError'),
});
