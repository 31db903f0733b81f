import { conformance } from './conformance.ts';
import { postgres } from './engines/postgres.ts';
import { knexRow } from './rows/knex.ts';

const errors = { refused: {x:1}, late: {x:1}, denied: {x:1}, killed: {x:1} };

conformance(knexRow('knex + pg', 'pg', errors), postgres);
