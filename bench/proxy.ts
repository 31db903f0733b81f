import { type ChildProcess, execFileSync, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, styleText } from 'node:util';
import { startEmulator } from '@x/cloudsql-emulator';
import { cpuMs, residentMb } from './proxy/process-usage.ts';

// `cloudsql proxy` beside the local proxy of Google's connector: both pass the same bytes on, in turn, from the same emulator,
// behind which stands a server that only sends. Then what it takes to hold many connections, and to print help. Linux.

const { values } = parseArgs({
  strict: false,
  options: {
    rounds: { type: 'string', default: '8' },
    megabytes: { type: 'string', default: '512' },
    idle: { type: 'string', default: '2000' },
    busy: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '30' },
    json: { type: 'boolean', default: false },
  },
});
const number = (name: keyof typeof values): number => Number(values[name]);
const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const account = 'bench@shop.iam.gserviceaccount.com';
const user = 'bench@shop.iam';
const [bulk, many] = ['shop:europe-west1:bulk', 'shop:europe-west1:many'] as const;
const program = file('../packages/cloudsql-cli/src/main.ts');
const [official, ours] = ['@google-cloud/cloud-sql-connector', 'cloudsql proxy'] as const;

const database = fork(file('proxy/database.ts'));
const databasePort = await message<number>(database);
const cloud = await startEmulator({
  principals: [{ email: account }],
  instances: [
    { name: bulk, users: [{ email: account }] },
    // Two thousand processes of PostgreSQL would be measured more than the proxy.
    {
      name: many,
      databaseVersion: 'SQLSERVER_2022_STANDARD',
      databaseUrl: `sqlserver://127.0.0.1:${databasePort}`,
    },
  ],
});
const env = { ...process.env, ...cloud.googleEnv(account), CLOUDSQL_EMULATOR_HOST: '' };
const folder = mkdtempSync(path.join(tmpdir(), 'bench-proxy-'));
const manyPort = await freePort();
const proxies = new Map<string, { readonly child: ChildProcess; readonly socket: string }>();
try {
  proxies.set(official, await startOfficial());
  proxies.set(ours, await startOurs());
  await reportBulk();
  if (number('seconds') > 0) await reportMany();
  reportHelp();
} finally {
  for (const { child } of proxies.values()) child.kill();
  await cloud.close();
  database.disconnect();
  rmSync(folder, { recursive: true });
}

async function startOfficial(): Promise<{ child: ChildProcess; socket: string }> {
  const socket = path.join(folder, 'official');
  const child = fork(file('proxy/official.ts'), [bulk, socket, cloud.url], { env });
  await message(child);
  return { child, socket };
}

async function startOurs(): Promise<{ child: ChildProcess; socket: string }> {
  const ready = path.join(folder, 'ready.json');
  const instances = [
    `${bulk}?unix-socket-path=${path.join(folder, 'ours')}&auto-iam-authn=true`,
    `${many}?port=${manyPort}`,
  ];
  const flags = ['--sqladmin-api-endpoint', cloud.url, '--ready-file', ready];
  // Without a line for each connection: the other one writes none.
  const args = ['--no-warnings', program, 'proxy', ...instances, ...flags, '--quiet'];
  const child = spawn(process.execPath, args, { env, stdio: 'inherit' });
  while (!existsSync(ready)) await wait(50);
  return { child, socket: path.join(folder, 'ours', '.s.PGSQL.5432') };
}

/** Bytes per second and processor time per gigabyte, each round by both in turn. */
async function reportBulk(): Promise<void> {
  const wanted = number('megabytes') * 1e6;
  const rates = new Map([...proxies.keys()].map((name) => [name, [] as number[]]));
  const costs = new Map([...proxies.keys()].map((name) => [name, [] as number[]]));
  for (let round = -1; round < number('rounds'); round++) {
    const names = [...proxies.keys()];
    for (const name of round % 2 === 0 ? names : names.reverse()) {
      const { child, socket } = proxies.get(name)!;
      const before = cpuMs(child.pid!);
      const client = fork(file('proxy/bulk-client.ts'), [socket, user, String(wanted)]);
      const { ms, bytes } = await message<{ ms: number; bytes: number }>(client);
      // The first round warms up.
      if (round < 0) continue;
      rates.get(name)!.push(bytes / 1000 / ms);
      costs.get(name)!.push((cpuMs(child.pid!) - before) / (bytes / 1e9));
    }
  }
  const names = [...proxies.keys()];
  for (const name of names) {
    const [all, cost] = [rates.get(name)!, median(costs.get(name)!)];
    // The best round is the one in which nothing else wanted the machine.
    print({
      row: 'bulk data',
      contender: name,
      medianMbPerS: median(all),
      bestMbPerS: Math.max(...all),
      cpuMsPerGb: cost,
    });
  }
  const over = (figure: (name: string) => number): number => figure(ours) / figure(official);
  print({
    row: 'bulk data, ours over the official one',
    median: over((name) => median(rates.get(name)!)),
    best: over((name) => Math.max(...rates.get(name)!)),
    cpu: over((name) => median(costs.get(name)!)),
  });
}

/** Memory over time, with connections that say nothing and others that never stop. */
async function reportMany(): Promise<void> {
  const { child } = proxies.get(ours)!;
  const atRest = residentMb(child.pid!);
  const args = [String(manyPort), values.idle as string, values.busy as string];
  const load = fork(file('proxy/many-clients.ts'), args);
  await message(load);
  const samples: number[] = [];
  const seconds = number('seconds');
  for (let second = 0; second < seconds; second++) {
    await wait(1000);
    samples.push(residentMb(child.pid!));
  }
  load.send('stop');
  const questions = await message<number>(load);
  const third = Math.ceil(samples.length / 3);
  print({
    row: `${values.idle} idle and ${values.busy} busy connections for ${seconds} s`,
    exchangesPerSecond: questions / seconds,
    megabytesBefore: atRest,
    megabytesFirstThird: median(samples.slice(0, third)),
    megabytesLastThird: median(samples.slice(-third)),
  });
}

/** From the start of the process to its end, as it is published. */
function reportHelp(): void {
  for (const name of ['cloudsql-core', 'cloudsql-cli']) {
    execFileSync(process.execPath, ['../../tools/build.mjs'], { cwd: file(`../packages/${name}/`) });
  }
  const times = Array.from({ length: 15 }, () => {
    const started = performance.now();
    spawnSync(process.execPath, [file('../packages/cloudsql-cli/dist/main.js'), 'proxy', '--help']);
    return performance.now() - started;
  });
  print({ row: 'cloudsql proxy --help', medianMs: median(times) });
}

function print(row: Readonly<Record<string, string | number>>): void {
  if (values.json) {
    console.log(JSON.stringify(row));
    return;
  }
  const { row: title, contender, ...figures } = row;
  console.log(`\n${styleText('bold', String(title))}${contender ? `  ${contender}` : ''}`);
  for (const [name, figure] of Object.entries(figures))
    console.log(`  ${name.padEnd(24)} ${Number(figure).toFixed(2)}`);
}

function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

function message<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const failed = (code: number | null): void => reject(new Error(`a process ended with code ${code}`));
    child.once('exit', failed).once('message', (value) => {
      child.off('exit', failed);
      resolve(value as T);
    });
  });
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
