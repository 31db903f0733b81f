import type { Duplex } from 'node:stream';
import type { MutableRecord } from '../data-plane/connection-log.ts';
import { ANSWER, PacketReader, parseErr } from './packets.ts';

const MAX_PENDING_BYTES = 65_536;

/** Watches the database's side of a login and writes down how it went. It reads along and holds nothing up. */
export function observeMysqlLogin(server: Duplex, record: MutableRecord): void {
  const reader = new PacketReader();
  const observe = (chunk: Buffer): void => {
    for (const { body } of reader.push(chunk)) {
      if (body[0] === ANSWER.ok) record.state = 'open';
      else if (body[0] === ANSWER.err) {
        record.state = 'refused';
        record.refusal = parseErr(body).message;
      } else continue;
      stop();
      return;
    }
    if (reader.pendingBytes > MAX_PENDING_BYTES) stop();
  };
  const stop = (): void => {
    server.off('data', observe);
  };
  server.on('data', observe);
}
