import { type ChildProcess, execFileSync, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { type Access, accessTo } from './emulator-access.ts';

/** One thing that was measured of the emulator, and what it is to be. */
export interface EmulatorFigure {
  readonly row: string;
  readonly value: number;
  readonly unit: string;
  readonly goal: string;
  readonly met: boolean;
}

interface Server {
  readonly readyMs: number;
  readonly url: string;
  readonly email: string;
}

const program = new URL('emulator-server.mjs', import.meta.url);
const build = new URL('../packages/cloudsql-emulator/dist/index.mjs', import.meta.url).href;
const user = 'bench@demo-shop.iam';
const IDLE_MS = 5000;
const RATE_SECONDS = 10;
const RATE = 100;

/** Measures the emulator, each time in a process of its own: how soon it is there, what it takes, what it holds. */
export async function measureEmulator(rounds: number): Promise<readonly EmulatorFigure[]> {
  // What users run.
  execFileSync(process.execPath, ['../../tools/build.mjs'], {
    cwd: new URL('../packages/cloudsql-emulator/', import.meta.url),
  });
  const ready: number[] = [];
  for (let round = 0; round < rounds; round++)
    ready.push(await withServer('DATABASE', async (_, { readyMs }) => readyMs));
  const readyMs = median(ready);
  const idle = await idleMemory();
  return await withServer('ECHO', async (child, server) => {
    const restoreMs = median(await ask<number[]>(child, 'restore'));
    const orders = await accessTo(server.url, server.email, 'demo-shop', 'orders');
    const held = await hold(orders, 'orders', 500);
    const echo = await accessTo(server.url, server.email, 'demo-shop', 'echo');
    const echoed = await hold(echo, 'any', 3000);
    const rate = await sustain(orders);
    const figure = (row: string, value: number, unit: string, goal: string, met: boolean): EmulatorFigure => ({
      ...{ row, value, unit, goal, met },
    });
    return [
      figure('ready, from the start of the process (median)', readyMs, 'ms', 'below 1500', readyMs < 1500),
      figure('memory when idle, without the database', idle, 'MB', 'below 80', idle < 80),
      figure('restore of a snapshot (median)', restoreMs, 'ms', 'below 150', restoreMs < 150),
      figure('sessions held by the database', held, '', '500', held === 500),
      figure('sessions held by the echo', echoed, '', '3000', echoed === 3000),
      figure(`new sessions per second, for ${RATE_SECONDS} s`, rate, '', String(RATE), rate >= RATE * 0.99),
    ];
  });
}

/** Resident memory in megabytes, as the system counts it and so with Node's own program, of a process that does nothing but run an emulator. */
async function idleMemory(): Promise<number> {
  const child = spawn(process.execPath, [fileURLToPath(program), build, 'DATABASE'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  await delay(IDLE_MS);
  const kilobytes = Number(execFileSync('ps', ['-o', 'rss=', '-p', String(child.pid)], { encoding: 'utf8' }));
  child.kill();
  await once(child, 'exit');
  return (kilobytes * 1024) / 1e6;
}

async function withServer<T>(backend: string, act: (child: ChildProcess, server: Server) => Promise<T>): Promise<T> {
  const child = fork(program, [build, backend]);
  try {
    const [server] = (await once(child, 'message')) as [Server];
    return await act(child, server);
  } finally {
    child.send('close');
    await once(child, 'exit');
  }
}

async function ask<T>(child: ChildProcess, request: string): Promise<T> {
  const answered = once(child, 'message') as Promise<[T]>;
  child.send(request);
  return (await answered)[0];
}

/** Opens so many sessions, and counts those that are all still there when the last one is. */
async function hold(access: Access, database: string, count: number): Promise<number> {
  const sockets: TLSSocket[] = [];
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) sockets.push(await logIn(access, database));
  };
  await Promise.all(Array.from({ length: 20 }, worker));
  const answers = await Promise.all(sockets.map((socket) => answersStill(socket)));
  for (const socket of sockets) socket.destroy();
  await delay(500);
  return answers.filter(Boolean).length;
}

/** Opens sessions at a steady rate, whatever becomes of them, and returns how many came about in each second. */
async function sustain(access: Access): Promise<number> {
  const opened: Promise<unknown>[] = [];
  const start = performance.now();
  for (let index = 0; index < RATE * RATE_SECONDS; index++) {
    await delay(Math.max(0, start + (index * 1000) / RATE - performance.now()));
    opened.push(
      logIn(access, 'orders').then(
        (socket) => socket.destroy(),
        () => undefined,
      ),
    );
  }
  const done = (await Promise.all(opened)).filter((each) => each !== undefined).length;
  return done / ((performance.now() - start) / 1000);
}

/** Dials, logs in, and waits until the database is ready for queries. */
async function logIn(access: Access, database: string): Promise<TLSSocket> {
  const socket = connect({ ...access, port: 3307, minVersion: 'TLSv1.3', checkServerIdentity: () => undefined });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  const text = `user\0${user}\0database\0${database}\0\0`;
  const packet = Buffer.alloc(8);
  packet.writeUInt32BE(8 + text.length, 0);
  packet.writeUInt32BE(0x0003_0000, 4);
  socket.write(Buffer.concat([packet, Buffer.from(text)]));
  await untilReady(socket);
  return socket;
}

async function answersStill(socket: TLSSocket): Promise<boolean> {
  const query = Buffer.concat([Buffer.from('Q'), Buffer.from([0, 0, 0, 13]), Buffer.from('select 1\0')]);
  socket.write(query);
  return await untilReady(socket).then(
    () => true,
    () => false,
  );
}

/** Waits for ReadyForQuery, the last thing that a server says before it waits. */
async function untilReady(socket: TLSSocket): Promise<void> {
  for (;;) {
    const [chunk] = (await Promise.race([once(socket, 'data'), once(socket, 'close').then(() => [])])) as [Buffer?];
    if (!chunk) throw new Error('the server hung up');
    if (chunk.subarray(-6, -1).equals(Buffer.from([0x5a, 0, 0, 0, 5]))) return;
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
