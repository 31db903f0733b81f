import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { RivalCase } from '../case.ts';

export default {
  fault: '7 a client of the local proxy hangs when the server refuses',
  rival: /it hangs|ECONNREFUSED|ECONNRESET/,
  async run({ cloud, connector, name, socketPath }) {
    process.on('uncaughtException', () => {});
    await connector.startLocalProxy({ ...name, listenOptions: { path: socketPath } });
    await cloud.connections('RESET_AFTER_ACCEPT');
    const client = net.connect(socketPath).on('error', () => {});
    client.write(Buffer.from('\0\0\0\x12\0\x03\0\0user\0nat\0\0', 'latin1'));
    const ended = new Promise((resolve) => client.resume().once('close', () => resolve('ended')));
    if ((await Promise.race([ended, delay(4000)])) === 'ended') return;
    process.stderr.write('it hangs');
    process.exit(1);
  },
} satisfies RivalCase as RivalCase;
