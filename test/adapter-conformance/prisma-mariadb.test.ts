import { conformance } from './conformance.ts';
import { mysqlEngine } from './engines/mysql.ts';
import { prismaMariadbErrors } from './errors.ts';
import { generateFor } from './prisma/generate.ts';
import { rows } from './rows.ts';

await generateFor('mysql');
conformance({ row: await rows['prisma + adapter-mariadb'](), engine: mysqlEngine, errors: prismaMariadbErrors });
