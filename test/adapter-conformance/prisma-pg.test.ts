import { conformance } from './conformance.ts';
import { postgres } from './engines/postgres.ts';
import { prismaPgErrors } from './errors.ts';
import { generateFor } from './prisma/generate.ts';
import { rows } from './rows.ts';

await generateFor('postgresql');
conformance({ row: await rows['prisma + adapter-pg'](), engine: postgres, errors: prismaPgErrors });
