import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Emulator } from '@x/cloudsql-emulator';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { kill } from '../child.ts';
import { appUser, instance } from '../cloud.ts';
import { freePort } from '../free-port.ts';
import { query } from '../local-client.ts';
import { isInstalled } from '../mysql-cloud.ts';
import { startProxyCloud } from './proxy-cloud.ts';
import { ProxyProcess } from './proxy-process.ts';

let cloud: Emulator;

beforeAll(async () => {
  cloud = await startProxyCloud();
});

afterAll(() => cloud.close());

it('records metrics for the SDK of OpenTelemetry that its user has loaded', async () => {
  const file = `${cloud.caFile}.metrics`;
  const sdk = path.join(import.meta.dirname, 'telemetry-sdk.mjs');
  const env = { ...cloud.env, NODE_OPTIONS: `--import ${sdk}`, METRICS_FILE: file };
  await using proxy = await ProxyProcess.ready([`${instance}?port=${await freePort()}`, '-i'], env);
  await query(`postgresql://${encodeURIComponent(appUser)}@${proxy.at(instance)}/orders`);
  const seen = new Map<string, { scope: string; unit: string; points: { value: unknown; attributes: object }[] }>();
  await proxy.until(() => {
    const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').filter(Boolean) : [];
    for (const line of lines)
      for (const each of JSON.parse(line)) if (each.points.length > 0) seen.set(each.name, each);
    return seen.has('cloudsql.io') && seen.has('cloudsql.connections.open');
  });
  expect(Object.fromEntries([...seen].map(([name, { unit }]) => [name, unit]))).toEqual({
    'cloudsql.connections.open': '{connection}',
    'cloudsql.dial.duration': 's',
    'cloudsql.io': 'By',
    'cloudsql.refresh.duration': 's',
  });
  expect(seen.get('cloudsql.dial.duration')).toMatchObject({
    scope: '@x/cloudsql-cli',
    points: [
      {
        value: { count: 1 },
        attributes: { 'cloudsql.instance': instance, 'server.address': expect.stringMatching(/^127\./) },
      },
    ],
  });
});

it('says what is missing where only the variables of OpenTelemetry are set', async () => {
  const env = { ...cloud.env, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' };
  await using proxy = await ProxyProcess.ready([`${instance}?port=${await freePort()}`], env);
  expect(proxy.stdout).toContain('no SDK of OpenTelemetry is loaded. Load one: NODE_OPTIONS="--import');
});

const withoutSystemd = ['systemd-notify', 'python3'].filter((program) => !isInstalled(program));

it.skipIf(withoutSystemd.length > 0)('tells systemd when it is ready and when it stops', async () => {
  const socket = `${cloud.caFile}.notify`;
  // Node cannot receive datagrams on a Unix socket.
  const script = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1]); print("bound", flush=True)
while True: print(s.recv(4096).decode().replace("\\n", " "), flush=True)`;
  const systemd: ChildProcess = spawn('python3', ['-c', script, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  let told = '';
  systemd.stdout!.on('data', (chunk) => (told += chunk));
  try {
    const args = [`${instance}?port=${await freePort()}`];
    await using proxy = new ProxyProcess(args, { ...cloud.env, NOTIFY_SOCKET: socket });
    await proxy.until(() => told.includes('READY=1'));
    expect(proxy.addresses).toHaveLength(1);
    expect(told).toContain(`MAINPID=${proxy.child.pid}`);
    expect(told).not.toContain('STOPPING');
    expect((await proxy.end()).code).toBe(143);
    expect(told).toContain('STOPPING=1');
  } finally {
    await kill(systemd);
  }
});
