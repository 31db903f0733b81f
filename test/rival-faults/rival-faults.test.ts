import { fork } from 'node:child_process';
import dns from 'node:dns/promises';
import fs from 'node:fs';
import type { Emulator } from '@x/cloudsql-emulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { app, appUser, native, startCloud } from '../cloud.ts';
import type { RemoteCloud, RivalCase } from './case.ts';
import { skipped } from './skipped.ts';
import { verified } from './verified.ts';

// What goes wrong with Google's connector, run on that and on ours: it must fail there and hold here. A case that
// holds on both would prove nothing.

const instance = 'shop:europe-west1:orders';
const otherInstance = 'shop:europe-west4:orders-2';
const domainName = 'orders.shop.example';
/** How long a process may take, where it is known to hang, and elsewhere, on however busy a machine; it is killed then. */
const patience = { hangingMs: 18_000, workingMs: 60_000 };
/** Emulators, each for one process at a time: most cases wait. */
const width = 4;

const idle: Emulator[] = [];
const waiting: ((cloud: Emulator) => void)[] = [];

beforeAll(async () => {
  const users = [{ email: app }, native];
  const instances = [instance, otherInstance].map((name) => ({ name, databases: ['orders'], users }));
  idle.push(...(await Promise.all(Array.from({ length: width }, () => startCloud({ instances })))));
});

afterAll(() => Promise.all(idle.map((cloud) => cloud.close())));

const files = fs.readdirSync(new URL('cases', import.meta.url)).sort();
const cases = await Promise.all(
  files.map(async (file) => ({ file, ...((await import(`./cases/${file}`)) as { default: RivalCase }).default })),
);

describe.concurrent.each(cases)('$fault', (rivalCase) => {
  it.concurrent('… but not with ours', { timeout: 120_000 }, async ({ expect: check }) => {
    check(await run('ours', rivalCase)).toBe('');
  });

  it.concurrent("… with Google's", { timeout: 120_000 }, async ({ expect: check }) => {
    check(await run('google', rivalCase)).toMatch(rivalCase.rival);
  });
});

describe('not tried, with the reason', () => {
  for (const [fault, reason] of Object.entries(skipped)) {
    it(fault, ({ skip }) => skip(reason));
  }
});

it('covers no fault and skips it as well', () => {
  expect(cases.map(({ fault }) => fault).filter((fault) => fault in skipped)).toEqual([]);
});

it('tries every fault that was seen to happen, or says why not', () => {
  const known = [...cases.map(({ fault }) => fault), ...Object.keys(skipped)].map((fault) =>
    Number.parseInt(fault, 10),
  );
  expect(verified.filter((number) => !known.includes(number))).toEqual([]);
});

/** Runs a case on one of the connectors; resolves with what went wrong, or with nothing. */
async function run(whose: 'ours' | 'google', { file, ...rivalCase }: RivalCase & { file: string }): Promise<string> {
  const cloud = idle.pop() ?? (await new Promise<Emulator>((resolve) => waiting.push(resolve)));
  const hour = 3_600_000;
  cloud.certificateLifetimeMs = rivalCase.certificateLifetimeMs ?? hour;
  cloud.tokenLifetimeMs = rivalCase.tokenLifetimeMs ?? hour;
  cloud.resetStatistics();
  cloud.dns.set(domainName, { TXT: instance });
  try {
    const { CLOUDSQL_EMULATOR_HOST: _, ...env } = process.env;
    const names = { RIVAL_INSTANCE: instance, RIVAL_OTHER_INSTANCE: otherInstance, RIVAL_DOMAIN: domainName };
    const mine = { RIVAL_URL: cloud.url, RIVAL_DNS: cloud.dns.server, RIVAL_IAM_USER: appUser, ...names };
    const hangs = whose === 'google' && rivalCase.rival.test('HUNG');
    const limitMs = hangs ? patience.hangingMs : patience.workingMs;
    return await outcome(cloud, [whose, file], { ...env, ...cloud.googleEnv(app), ...mine, ...rivalCase.env }, limitMs);
  } finally {
    await cloud.faults.clear();
    cloud.dropConnections();
    const next = waiting.shift();
    if (next) next(cloud);
    else idle.push(cloud);
  }
}

function outcome(cloud: Emulator, args: string[], env: NodeJS.ProcessEnv, limitMs: number): Promise<string> {
  const child = fork(new URL('run-case.ts', import.meta.url), args, {
    env: { ...env, NODE_OPTIONS: '' },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  child.on('message', ({ id, method, args: given }: { id: number; method: keyof RemoteCloud; args: never[] }) => {
    const answer = (answer: object): boolean => child.connected && child.send({ id, ...answer });
    Promise.resolve()
      .then(() => Reflect.apply(remote(cloud)[method] as () => unknown, undefined, given))
      .then(
        (value) => answer({ value }),
        (error: Error) => answer({ error: error.message }),
      );
  });
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      said += 'HUNG';
      child.kill('SIGKILL');
    }, limitMs);
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve(code === 0 ? '' : said || `ended with ${code}`);
    });
  });
}

function remote(cloud: Emulator): RemoteCloud {
  return {
    api: async (method, fault) => cloud.faults.api(method, fault),
    connections: (fault) => cloud.faults.connections(instance, fault),
    server: (fault) => cloud.faults.server(instance, fault),
    clear: () => cloud.faults.clear(),
    calls: async () => cloud.statistics().calls,
    records: async (records) => cloud.dns.set(domainName, records),
    lookups: async () => cloud.dns.queries()[`${domainName} TXT`] ?? 0,
    open: async (name) => cloud.connections.filter((each) => each.instance === name && !each.closedAt).length,
    address: async (name) => (await lookUp(cloud, cloud.dns.namesOf(name).PRIMARY!))[0]!,
  };
}

function lookUp(cloud: Emulator, name: string): Promise<string[]> {
  const resolver = new dns.Resolver();
  resolver.setServers([cloud.dns.server]);
  return resolver.resolve4(name);
}
