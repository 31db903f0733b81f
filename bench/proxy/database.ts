import net, { type AddressInfo } from 'node:net';

// Stands in for a database that is faster than any: it answers the first message of SQL Server's protocol, and from then on
// sends as many bytes as it is asked for, in eight bytes each time. A process of its own; prints its port.

const prelogin = Buffer.from([4, 1, 0, 17, 0, 0, 1, 0, 0, 0, 6, 0, 0, 0xff, 16, 0, 0]);
const block = Buffer.alloc(64 * 1024, 'x');

const server = net.createServer({ noDelay: true }, (socket) => {
  let asked = 0;
  let head = Buffer.alloc(0);
  let greeted = false;
  const send = (): void => {
    while (asked > 0) {
      const bytes = Math.min(asked, block.length);
      asked -= bytes;
      if (!socket.write(bytes === block.length ? block : block.subarray(0, bytes))) return;
    }
  };
  socket.on('drain', send).on('error', () => {});
  socket.on('data', (chunk) => {
    head = Buffer.concat([head, chunk]);
    if (!greeted && head.length >= 8 && head.length >= head.readUInt16BE(2)) {
      head = head.subarray(head.readUInt16BE(2));
      greeted = true;
      socket.write(prelogin);
    }
    while (greeted && head.length >= 8) {
      asked += Number(head.readBigUInt64BE());
      head = head.subarray(8);
    }
    send();
  });
});
server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());
