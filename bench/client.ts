import { type ClientConfig, contenders, type Target } from './contenders.ts';

// One process of one contender: `first` reports the moment of its first row, `warm` connects as often as it is asked.

const [mode, name, json] = process.argv.slice(2) as [string, string, string];
const target = JSON.parse(json) as Target;

const { default: pg } = await import('pg');
const config = await contenders[name]!(target);
await connect(config());

if (mode === 'first') {
  process.send!(Date.now());
  process.exit();
}

process.on('message', async (count: number) => {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const started = performance.now();
    await connect(config());
    times.push(performance.now() - started);
  }
  process.send!(times);
});
process.send!('ready');

async function connect(options: ClientConfig): Promise<void> {
  const client = new pg.Client(options);
  await client.connect();
  await client.query('select 1');
  await client.end();
}
