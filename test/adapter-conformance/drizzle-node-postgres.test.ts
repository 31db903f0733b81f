import { conformance } from './conformance.ts';
import { postgres } from './engines/postgres.ts';
import { drizzleErrors, pgErrors } from './errors.ts';
import { rows } from './rows.ts';

conformance({ row: await rows['drizzle + node-postgres'](), engine: postgres, errors: drizzleErrors(pgErrors) });
