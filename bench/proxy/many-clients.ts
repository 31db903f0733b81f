import { once } from 'node:events';
import net, { type Socket } from 'node:net';

// Holds many connections: `node many-clients.ts <port> <idle> <busy>` opens so many, reports when they are open, and lets the
// busy ones ask for 10 kB again and again until it is told to stop; then it reports how often they did.

const [, , port = '', idle = '', busy = ''] = process.argv;
const prelogin = Buffer.from([0x12, 1, 0, 14, 0, 0, 1, 0, 0xff, 0, 0, 0, 0, 0]);
const greeting = 17;

process.on('disconnect', () => process.exit());
const sockets: Socket[] = [];
const count = Number(idle) + Number(busy);
// As many at a time as a burst of clients would be, not all at once: it is not the handshakes that are looked at.
while (sockets.length < count) {
  const some = Math.min(50, count - sockets.length);
  sockets.push(...(await Promise.all(Array.from({ length: some }, connect))));
}
let stopped = false;
let questions = 0;
process.on('message', () => {
  stopped = true;
});
process.send!('open');
const working = sockets.slice(0, Number(busy)).map(async (socket) => {
  while (!stopped) {
    await ask(socket, 10_000);
    questions++;
  }
});
await Promise.all(working);
process.send!(questions);
for (const socket of sockets) socket.destroy();
process.disconnect();

async function connect(): Promise<Socket> {
  const socket = net.connect({ port: Number(port), host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  socket.write(prelogin);
  await take(socket, greeting);
  return socket;
}

async function ask(socket: Socket, bytes: number): Promise<void> {
  const question = Buffer.alloc(8);
  question.writeBigUInt64BE(BigInt(bytes));
  socket.write(question);
  await take(socket, bytes);
}

function take(socket: Socket, bytes: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = bytes;
    const onData = (chunk: Buffer): void => {
      left -= chunk.length;
      if (left > 0) return;
      socket.off('data', onData).off('close', onClose);
      resolve();
    };
    const onClose = (): void => reject(new Error(`the proxy hung up ${left} bytes too early`));
    socket.on('data', onData).on('close', onClose);
  });
}
