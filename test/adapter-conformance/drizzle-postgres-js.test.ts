import { conformance } from './conformance.ts';
import { postgres } from './engines/postgres.ts';
import { drizzleErrors, postgresJsErrors } from './errors.ts';
import { rows } from './rows.ts';

conformance({ row: await rows['drizzle + postgres.js'](), engine: postgres, errors: drizzleErrors(postgresJsErrors) });
