import type { WireMessage } from '../wire/message-reader.ts';
import { encodeError, encodeMessage, text } from '../wire/messages.ts';

const READY = encodeMessage('Z', Buffer.from('I'));
const TEXT_OID = 25;
const NOTHING = Buffer.alloc(0);

/** What a client is told once it is in: settings that drivers look at, who it is, and that it may ask. */
export function greeting(processId: number): Buffer {
  const settings = {
    server_version: '18.0',
    client_encoding: 'UTF8',
    standard_conforming_strings: 'on',
    TimeZone: 'UTC',
  };
  const key = Buffer.alloc(8);
  key.writeUInt32BE(processId);
  return Buffer.concat([
    encodeMessage('R', Buffer.alloc(4)),
    ...Object.entries(settings).map(([name, value]) => encodeMessage('S', Buffer.concat([text(name), text(value)]))),
    encodeMessage('K', key),
    READY,
  ]);
}

/** Answers a message; `undefined` if the client takes its leave. */
export function answerTo({ type, body }: WireMessage): Buffer | undefined {
  switch (type) {
    case 'X':
      return undefined;
    case 'Q':
      return Buffer.concat([row(body.subarray(0, -1)), encodeMessage('C', text('SELECT 1')), READY]);
    case 'S':
      return READY;
    case 'P':
      return encodeError({ code: '0A000', message: 'the backend ECHO answers simple queries only' });
    default:
      return NOTHING;
  }
}

/** One row with one column, `echo`. */
function row(value: Buffer): Buffer {
  const description = Buffer.alloc(18);
  description.writeUInt32BE(TEXT_OID, 6);
  description.writeInt16BE(-1, 10);
  description.writeInt32BE(-1, 12);
  const head = Buffer.alloc(6);
  head.writeUInt16BE(1, 0);
  head.writeUInt32BE(value.length, 2);
  const one = Buffer.from([0, 1]);
  return Buffer.concat([
    encodeMessage('T', Buffer.concat([one, text('echo'), description])),
    encodeMessage('D', Buffer.concat([head, value])),
  ]);
}
