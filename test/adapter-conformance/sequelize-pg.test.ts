import { conformance } from './conformance.ts';
import { postgres } from './engines/postgres.ts';
import { pgErrors, sequelizeErrors } from './errors.ts';
import { rows } from './rows.ts';

conformance({ row: await rows['sequelize + pg'](), engine: postgres, errors: sequelizeErrors(pgErrors) });
