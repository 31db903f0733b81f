/** First bytes of what a server answers to a login. */
export const answer = { ok: 0x00, more: 0x01, authSwitch: 0xfe, err: 0xff } as const;

const headLength = 4;

/** Writes one packet of less than 16 MB; `sequence` counts the packets of a login, in both directions together. */
export function encodePacket(sequence: number, body: Buffer): Buffer {
  const head = Buffer.alloc(headLength);
  head.writeUIntLE(body.length, 0, 3);
  head[3] = sequence;
  return Buffer.concat([head, body]);
}

/** How long the first packet of what has come is, with its head; undefined while that is not known. */
export function packetLength(bytes: Buffer): number | undefined {
  return bytes.length < headLength ? undefined : headLength + bytes.readUIntLE(0, 3);
}

/** Where the user's name begins in a HandshakeResponse41: behind the head and 32 bytes of flags and numbers. */
const userStart = headLength + 32;

/**
 * Puts the real database user where a placeholder for it stands in a client's first packet; any other is left alone.
 * Source: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_response.html
 */
export function renameUser(packet: Buffer, placeholder: string, user: string): Buffer {
  const end = packet.indexOf(0, userStart);
  const length = packetLength(packet);
  if (length === undefined || end < 0 || packet.toString('utf8', userStart, end) !== placeholder) return packet;
  const body = [packet.subarray(headLength, userStart), Buffer.from(user), packet.subarray(end, length)];
  return Buffer.concat([encodePacket(packet[3]!, Buffer.concat(body)), packet.subarray(length)]);
}

/** Writes the body of an ERR packet; without `state` for a client that has not said yet what it understands. */
export function encodeErr(code: number, state: string, message: string): Buffer {
  const marker = state && `#${state}`;
  return Buffer.concat([Buffer.from([answer.err, code & 0xff, code >>> 8]), Buffer.from(marker + message)]);
}
