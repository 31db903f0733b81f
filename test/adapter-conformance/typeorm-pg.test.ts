import { conformance } from './conformance.ts';
import { postgres } from './engines/postgres.ts';
import { pgErrors, typeormErrors } from './errors.ts';
import { rows } from './rows.ts';

conformance({ row: await rows['typeorm + pg'](), engine: postgres, errors: typeormErrors(pgErrors) });
