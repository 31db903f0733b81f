import { type ClientConfig, contenders, type Target } from './contenders.ts';

// One process of one contender: `first` reports the moment of its first row, `connect` connects as often as it is asked, and
// `read` reads many rows on one connection. All have to be logged in as the same user, or nothing counts.

const [mode, name, json] = process.argv.slice(2) as [string, string, string];
const target = JSON.parse(json) as Target;

const rows = 200_000;

const { default: pg } = await import('pg');
const config = await contenders[name]!(target);
await connect(config());

if (mode === 'first') {
  process.send!(Date.now());
  process.exit();
}

const reader = new pg.Client(config());
if (mode === 'read') await reader.connect();
const act = mode === 'read' ? read : () => connect(config());
process.on('message', async (count: number) => {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const started = performance.now();
    await act();
    times.push(performance.now() - started);
  }
  process.send!(times);
});
process.send!('ready');

async function connect(options: ClientConfig): Promise<void> {
  const client = new pg.Client(options);
  await client.connect();
  const { rows } = await client.query<{ user: string }>('select current_user as user');
  await client.end();
  if (rows[0]?.user !== target.user) throw new Error(`${name} is logged in as ${rows[0]?.user}`);
}

async function read(): Promise<void> {
  const { rowCount } = await reader.query(
    `select i, md5(i::text), repeat('x', 100) from generate_series(1, ${rows}) i`,
  );
  if (rowCount !== rows) throw new Error(`${name} has read ${rowCount} rows`);
}
