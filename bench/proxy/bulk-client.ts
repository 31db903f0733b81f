import { once } from 'node:events';
import net from 'node:net';

// Reads bulk data from PostgreSQL, with a client that does nothing else: `node bulk-client.ts <socket> <user> <bytes>`.
// Reports the milliseconds and the bytes.

const [, , path = '', user = '', wanted = ''] = process.argv;
const rowBytes = 100_000;
const ready = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

const socket = net.connect({ path });
await once(socket, 'connect');
socket.write(
  withLength(Buffer.concat([Buffer.from([0, 3, 0, 0]), Buffer.from(`user\0${user}\0database\0postgres\0\0`)])),
);
await untilReady();
const query = `copy (select repeat('x', ${rowBytes}) from generate_series(1, ${Math.ceil(Number(wanted) / rowBytes)})) to stdout\0`;
const started = performance.now();
socket.write(Buffer.concat([Buffer.from('Q'), withLength(Buffer.from(query))]));
const bytes = await untilReady();
if (bytes < Number(wanted)) throw new Error(`only ${bytes} bytes have come`);
process.send!({ ms: performance.now() - started, bytes });
socket.destroy();
process.disconnect();

/** Reads up to the message that ends every answer; returns how much there was. */
function untilReady(): Promise<number> {
  return new Promise((resolve, reject) => {
    let total = 0;
    let tail: Buffer = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      total += chunk.length;
      tail =
        chunk.length >= ready.length
          ? chunk.subarray(-ready.length)
          : Buffer.concat([tail, chunk]).subarray(-ready.length);
      if (!tail.equals(ready)) return;
      socket.off('data', onData).off('close', onClose);
      resolve(total);
    };
    const onClose = (): void => reject(new Error(`the proxy hung up: ${tail}`));
    socket.on('data', onData).on('close', onClose);
  });
}

function withLength(body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length + 4);
  return Buffer.concat([length, body]);
}
