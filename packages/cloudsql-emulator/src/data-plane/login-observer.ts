import type { Duplex } from 'node:stream';
import { MessageReader } from '../wire/message-reader.ts';
import { errorFields } from '../wire/messages.ts';
import type { MutableRecord } from './connection-log.ts';

const MAX_PENDING_BYTES = 65_536;

/** Watches the database's side of a login and writes down how it went. It reads along and holds nothing up. */
export function observeLogin(server: Duplex, record: MutableRecord): void {
  const reader = new MessageReader();
  const observe = (chunk: Buffer): void => {
    for (const { type, body } of reader.push(chunk)) {
      if (type === 'R' && body.length >= 4 && body.readUInt32BE(0) === 0) {
        record.state = 'open';
      } else if (type === 'K' && body.length >= 4) {
        record.backendPid = body.readUInt32BE(0);
      } else if (type === 'E') {
        record.state = 'refused';
        record.refusal = errorFields(body).message;
      }
      if (type === 'E' || type === 'Z') stop();
    }
    if (reader.pendingBytes > MAX_PENDING_BYTES) stop();
  };
  const stop = (): void => {
    server.off('data', observe);
  };
  server.on('data', observe);
}
