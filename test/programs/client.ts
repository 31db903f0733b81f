// Runs a query over the URL in the environment, and says so before it waits for the answer.
import pg from 'pg';

const client = new pg.Client(process.env.URL);
await client.connect();
const answer = client.query(process.env.QUERY ?? 'select 1');
process.stdout.write('asked\n');
await answer;
await client.end();
