import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { RivalCase } from '../case.ts';

export default {
  fault: '6 a client of the local proxy that leaves abruptly ends the process',
  rival: /EPIPE|ECONNRESET/,
  async run({ connector, name, socketPath }) {
    await connector.startLocalProxy({ ...name, listenOptions: { path: socketPath } });
    for (let i = 0; i < 50; i++) {
      const client = net.connect(socketPath);
      await once(client, 'connect');
      // Asks for TLS, and is gone before the answer.
      client.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]));
      await delay(Math.random() * 20);
      client.destroy();
    }
    await delay(300);
  },
} satisfies RivalCase as RivalCase;
