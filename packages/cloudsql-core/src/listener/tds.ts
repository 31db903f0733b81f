import type { Duplex } from 'node:stream';
import { readExactly } from './packet-reader.ts';

/** What a packet of TDS, the protocol of SQL Server, begins with: a kind, whether it is the last one, its length. */
const headBytes = 8;
const lastPacket = 1;
const kind = { answer: 0x04, login: 0x10, prelogin: 0x12 } as const;

/** No message of a login is longer than this, in bytes. */
const longestLogin = 131_072;

/** How much of an error a client is told, in characters: what fits into one packet. */
const longestText = 1000;

/** Whether a message is the one that opens a conversation. */
export function isPrelogin(message: Buffer): boolean {
  return message[0] === kind.prelogin;
}

/** Reads one message, its packets as they came; undefined if none comes, or nothing that a login may be made of. */
export async function readTdsMessage(stream: Duplex, signal: AbortSignal): Promise<Buffer | undefined> {
  const packets: Buffer[] = [];
  for (let bytes = 0; bytes < longestLogin; ) {
    const head = await readExactly(stream, headBytes, signal);
    const isLogin = head?.[0] === kind.login || head?.[0] === kind.prelogin;
    const length = head?.readUInt16BE(2) ?? 0;
    const body = isLogin && length >= headBytes ? await readExactly(stream, length - headBytes, signal) : undefined;
    if (!head || !body) return undefined;
    packets.push(head, body);
    bytes += length;
    if (head[1] === lastPacket) return Buffer.concat(packets);
  }
  return undefined;
}

/** An answer to a PRELOGIN: a version of the server, and that it does not encrypt. */
export function encodePreloginAnswer(): Buffer {
  const [version, encryption, end, notSupported] = [0, 1, 0xff, 2];
  const options = [version, 0, 11, 0, 6, encryption, 0, 17, 0, 1, end];
  return packet(Buffer.from([...options, 16, 0, 0, 0, 0, 0, notSupported]));
}

/** An answer to a LOGIN7: an error, and that this was all. */
export function encodeTdsError(message: string): Buffer {
  // A number of the user's own, severity 16: what the caller can mend.
  const number = Buffer.from([0x50, 0xc3, 0, 0, 1, 16]);
  const text = Buffer.from(message.slice(0, longestText), 'utf16le');
  const noServerNorProcedure = Buffer.alloc(2 + 4);
  const error = Buffer.concat([number, int16(text.length / 2), text, noServerNorProcedure]);
  const done = Buffer.from([0xfd, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  return packet(Buffer.concat([Buffer.from([0xaa]), int16(error.length), error, done]));
}

function packet(payload: Buffer): Buffer {
  const head = Buffer.from([kind.answer, lastPacket, 0, 0, 0, 0, 1, 0]);
  head.writeUInt16BE(headBytes + payload.length, 2);
  return Buffer.concat([head, payload]);
}

function int16(value: number): Buffer {
  return Buffer.from([value & 0xff, value >> 8]);
}
