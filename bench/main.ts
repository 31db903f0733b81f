import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { parseArgs, styleText } from 'node:util';
import { type Emulator, startEmulator } from '@x/cloudsql-emulator';
import { contenders, type Target } from './contenders.ts';
import { type EmulatorFigure, measureEmulator } from './emulator.ts';
import { accessTo } from './emulator-access.ts';

// Every round runs each contender once, in turn, so that whatever else the machine does befalls all of them.

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    connects: { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const connects = Number(values.connects);
const names = Object.keys(contenders);
/** What each contender is imported as: what its programs import. */
const modules: Record<string, string> = {
  'bare TLS': 'node:tls',
  '@google-cloud/cloud-sql-connector': '@google-cloud/cloud-sql-connector',
  '@x/cloudsql-core': new URL('../packages/cloudsql-core/dist/drivers/pg.js', import.meta.url).href,
};

const client = new URL('client.ts', import.meta.url);
const account = 'bench@shop.iam.gserviceaccount.com';
const instance = 'shop:europe-west1:orders';

interface Row {
  readonly row: string;
  readonly contender: string;
  readonly samples: number;
  readonly p5Ms: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  /** Median over that of the bare dial. */
  readonly overBare: number;
  /** Median over that of Google's connector. */
  readonly overOfficial: number;
}

// tsup's output is what users run.
execFileSync(process.execPath, ['../../tools/build.mjs'], {
  cwd: new URL('../packages/cloudsql-core/', import.meta.url),
});

const cloud = await startEmulator({
  principals: [{ email: account }],
  instances: [{ name: instance, databases: ['orders'], users: [{ email: account }] }],
});
try {
  const target = await describeTarget(cloud);
  const env = { ...process.env, ...cloud.googleEnv(account), CLOUDSQL_EMULATOR_HOST: '' };
  const rows = [
    ...summarize('import', await imports()),
    ...summarize('cold process to first row', await coldStarts(target, env)),
    ...summarize('warm connect, first row, end', await warm('connect', connects, target, env)),
    ...summarize('200,000 rows on one connection', await warm('read', 1, target, env)),
  ];
  print(rows);
} finally {
  await cloud.close();
}
printEmulator(await measureEmulator(Math.min(rounds, 5)));
// In a process of its own: what was measured before must not weigh on it.
const proxyBench = [new URL('proxy.ts', import.meta.url).pathname, ...(values.json ? ['--json'] : [])];
if (process.platform === 'linux') execFileSync(process.execPath, proxyBench, { stdio: 'inherit' });

async function imports(): Promise<Map<string, number[]>> {
  const times = new Map(names.map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const name of rotated(round)) {
      const child = fork(new URL('import.ts', import.meta.url), [modules[name]!]);
      times.get(name)!.push(await message<number>(child));
      await once(child, 'exit');
    }
  }
  return times;
}

async function coldStarts(target: Target, env: NodeJS.ProcessEnv): Promise<Map<string, number[]>> {
  const times = new Map(names.map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const name of rotated(round)) {
      const started = Date.now();
      const child = fork(client, ['first', name, JSON.stringify(target)], { env });
      times.get(name)!.push((await message<number>(child)) - started);
      await once(child, 'exit');
    }
  }
  return times;
}

/** What a process takes that has connected before, so many times in each round. */
async function warm(
  what: 'connect' | 'read',
  count: number,
  target: Target,
  env: NodeJS.ProcessEnv,
): Promise<Map<string, number[]>> {
  const times = new Map(names.map((name) => [name, [] as number[]]));
  const children = new Map<string, ChildProcess>();
  for (const name of names) {
    const child = fork(client, [what, name, JSON.stringify(target)], { env });
    await message(child);
    children.set(name, child);
  }
  for (let round = -1; round < rounds; round++) {
    for (const name of rotated(round + 1)) {
      const child = children.get(name)!;
      child.send(count);
      const measured = await message<number[]>(child);
      // The first round warms up code and connections.
      if (round >= 0) times.get(name)!.push(...measured);
    }
  }
  for (const child of children.values()) child.kill();
  return times;
}

/** An ephemeral certificate for the bare dial, fetched as any client would. */
async function describeTarget({ url }: Emulator): Promise<Target> {
  const dial = `${cloud.caFile}.bench.json`;
  writeFileSync(dial, JSON.stringify(await accessTo(url, account, 'shop', 'orders')), { mode: 0o600 });
  return { instance, database: 'orders', user: 'bench@shop.iam', adminApi: url, dial };
}

function message<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const failed = (code: number | null): void => reject(new Error(`a client ended with code ${code}`));
    child.once('exit', failed).once('message', (value) => {
      child.off('exit', failed);
      resolve(value as T);
    });
  });
}

/** Each round begins with another contender. */
function rotated(round: number): string[] {
  return names.map((_, i) => names[(i + round) % names.length]!);
}

function summarize(row: string, times: Map<string, number[]>): Row[] {
  const [bare = 0, official = 0] = names.map((name) => quantile(times.get(name)!, 0.5));
  return [...times].map(([contender, samples]) => {
    const medianMs = quantile(samples, 0.5);
    return {
      row,
      contender,
      samples: samples.length,
      p5Ms: quantile(samples, 0.05),
      medianMs,
      p95Ms: quantile(samples, 0.95),
      overBare: medianMs / bare,
      overOfficial: medianMs / official,
    };
  });
}

function quantile(samples: readonly number[], q: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(Math.floor(q * sorted.length), sorted.length - 1)]!;
}

function print(rows: readonly Row[]): void {
  if (values.json) {
    for (const row of rows) console.log(JSON.stringify(row));
    return;
  }
  console.log(conditions());
  let title = '';
  for (const { row, contender, samples, p5Ms, medianMs, p95Ms, overBare, overOfficial } of rows) {
    if (row !== title)
      console.log(
        `\n${styleText('bold', row)}\n${'contender'.padEnd(36)} samples    p5 ms  median ms   p95 ms  over bare  over official`,
      );
    title = row;
    const numbers = [
      String(samples).padStart(7),
      p5Ms.toFixed(1).padStart(8),
      medianMs.toFixed(1).padStart(10),
      p95Ms.toFixed(1).padStart(8),
      `${overBare.toFixed(2)}x`.padStart(10),
      `${overOfficial.toFixed(2)}x`.padStart(14),
    ];
    console.log(`${contender.padEnd(36)} ${numbers.join(' ')}`);
  }
}

/** What was measured, and on what. */
function conditions(): string {
  const version = (name: string): string => {
    const file = new URL(`node_modules/${name}/package.json`, import.meta.url);
    return `${name} ${(JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version}`;
  };
  const versions = ['@google-cloud/cloud-sql-connector', '@x/cloudsql-core', 'pg'].map(version);
  const machine = `${availableParallelism()} cores, load ${loadavg()[0]!.toFixed(1)}`;
  return `Node ${process.version}, ${versions.join(', ')}; ${process.platform} ${process.arch}, ${machine}; ${rounds} rounds`;
}

function printEmulator(figures: readonly EmulatorFigure[]): void {
  if (values.json) {
    for (const figure of figures) console.log(JSON.stringify(figure));
    return;
  }
  console.log(`\n${styleText('bold', 'the emulator')}`);
  for (const { row, value, unit, goal, met } of figures) {
    const number = `${Number.isInteger(value) ? value : value.toFixed(1)} ${unit}`.padStart(12);
    console.log(`${row.padEnd(48)} ${number}   goal ${goal}: ${met ? 'met' : 'missed'}`);
  }
}
