import { conformance } from './conformance.ts';
import { postgres } from './engines/postgres.ts';
import { typeormRow } from './rows/typeorm.ts';

const errors = { refused: {x:1}, late: {x:1}, denied: {x:1}, killed: {x:1} };

conformance(typeormRow('typeorm + pg', 'postgres', errors), postgres);
