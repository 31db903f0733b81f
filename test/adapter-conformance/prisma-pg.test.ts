import { conformance } from './conformance.ts';
import { postgres } from './engines/postgres.ts';
import { generate } from './prisma/generate.ts';

await generate('postgresql');
const { prismaPgRow } = await import('./rows/prisma-pg.ts');

const errors = { refused: {x:1}, late: {x:1}, denied: {x:1}, killed: {x:1} };

conformance(prismaPgRow(errors), postgres);
