import { conformance } from './conformance.ts';
import { postgres } from './engines/postgres.ts';
import { knexPgErrors } from './errors.ts';
import { rows } from './rows.ts';

conformance({ row: await rows['knex + pg'](), engine: postgres, errors: knexPgErrors });
