import { type ChildProcess, spawn } from 'node:child_process';
import type { Emulator } from '@x/cloudsql-emulator';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { kill } from '../child.ts';
import { instance } from '../cloud.ts';
import { freePort } from '../free-port.ts';
import { until } from '../local-client.ts';
import { isInstalled } from '../mysql-cloud.ts';
import { startProxyCloud } from './proxy-cloud.ts';
import { ProxyProcess } from './proxy-process.ts';

let cloud: Emulator;

beforeAll(async () => {
  cloud = await startProxyCloud();
});

afterAll(() => cloud.close());

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
    await until(() => told.includes(`MAINPID=${proxy.child.pid}`));
    expect(told).not.toContain('STOPPING');
    expect((await proxy.end()).code).toBe(143);
    await until(() => told.includes('STOPPING=1'));
  } finally {
    await kill(systemd);
  }
});
