import { readdirSync, readFileSync } from 'node:fs';
import net from 'node:net';
import type { Emulator } from '@x/cloudsql-emulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appUser, instance } from '../cloud.ts';
import { query } from '../local-client.ts';
import { startProxyCloud } from './proxy-cloud.ts';
import { ProxyProcess } from './proxy-process.ts';
import { get } from './proxy-urls.ts';

let cloud: Emulator;

beforeAll(async () => {
  cloud = await startProxyCloud();
});

afterAll(() => cloud.close());

const clients = 1000;

/** What a client does that does not log in. */
const manners: readonly ((socket: net.Socket) => unknown)[] = [
  (socket) => socket.destroy(),
  (socket) => socket.write('GET / HTTP/1.1\r\n\r\n'),
  (socket) => socket.end(Buffer.from([0, 0, 0, 8])),
  () => 'it says nothing',
];

function connect(path: string): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(path, () => resolve(socket.on('error', () => {}).resume()));
    socket.once('error', reject);
  });
}

/** How many clients the system lets wait to be accepted. */
function backlog(): number {
  return process.platform === 'linux' ? Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8')) : 0;
}

describe.skipIf(backlog() < clients)('a thousand clients of a Unix socket at once', () => {
  it('are all taken, whatever they do, and leave nothing open', async () => {
    const socket = `${cloud.caFile}.storm`;
    const names = [`${instance}?unix-socket-path=${socket}&auto-iam-authn=true`];
    await using proxy = await ProxyProcess.ready([...names, '--health-check', '--http-port', '0'], cloud.env);
    const url = `postgresql://${encodeURIComponent(appUser)}@localhost/orders?host=${socket}`;
    const http = proxy.at('HTTP');
    const descriptors = (): number => readdirSync(`/proc/${proxy.child.pid}/fd`).length;
    expect(await query(url)).toMatchObject({ user: appUser });
    expect(await get(http, '/readiness')).toEqual([200, 'ok']);
    const before = descriptors();

    const sockets = await Promise.all(Array.from({ length: clients }, () => connect(proxy.at(instance))));
    for (const [index, each] of sockets.entries()) manners[index % manners.length]?.(each);
    expect(await query(url)).toMatchObject({ user: appUser });
    expect(await get(http, '/readiness')).toEqual([200, 'ok']);
    expect(await get(http, '/liveness')).toEqual([200, 'ok']);

    for (const each of sockets) each.destroy();
    // One may be a connection of ours to its HTTP server.
    await proxy.until(() => descriptors() <= before + 1);
    expect(await query(url)).toMatchObject({ user: appUser });
    expect(await proxy.end()).toMatchObject({ code: 143, signal: null });
  });
});
