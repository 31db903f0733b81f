/** What a LOGIN7 message says, as far as this peer looks at it. */
export interface Login {
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly application: string;
  /** The address that the client believes to speak to. */
  readonly server: string;
}

/** Where LOGIN7 has the offset of each text, in bytes. */
const place = { user: 40, password: 44, application: 48, server: 52, database: 68 } as const;

/** Reads a LOGIN7 message. */
export function readLogin(payload: Buffer): Login {
  const bytes = (at: number): Buffer => {
    const start = payload.readUInt16LE(at);
    return payload.subarray(start, start + 2 * payload.readUInt16LE(at + 2));
  };
  const text = (at: number): string => bytes(at).toString('utf16le');
  // Not a secret that the protocol keeps: each byte has its halves swapped and some bits turned.
  const password = bytes(place.password).map((byte) => {
    const turned = byte ^ 0xa5;
    return ((turned << 4) | (turned >> 4)) & 0xff;
  });
  return {
    user: text(place.user),
    password: Buffer.from(password).toString('utf16le'),
    application: text(place.application),
    server: text(place.server),
    database: text(place.database),
  };
}

/** The statement of a SQL batch. */
export function readBatch(payload: Buffer): string {
  return withoutHeaders(payload).toString('utf16le');
}

/** The statement that a client calls `sp_executesql` with; undefined for other procedures. */
export function readExecuteSql(payload: Buffer): string | undefined {
  const call = withoutHeaders(payload);
  const [byNumber, executeSql] = [0xffff, 10];
  const named = call.readUInt16LE(0);
  const length = named === byNumber ? 4 : 2 + 2 * named;
  const name = named === byNumber ? call.readUInt16LE(2) : call.toString('utf16le', 2, length);
  if (name !== executeSql && name !== 'sp_executesql') return undefined;
  // Flags of the call; then a parameter: its name, a status, its type (one byte, a length and a collation), its value.
  const parameter = call.subarray(length + 2);
  const type = parameter.subarray(1 + 2 * parameter[0]! + 1);
  const [nvarchar, inChunks] = [0xe7, 0xffff];
  if (type[0] !== nvarchar) return undefined;
  const value = type.subarray(1 + 2 + 5);
  if (type.readUInt16LE(1) !== inChunks) return value.toString('utf16le', 2, 2 + value.readUInt16LE(0));
  const chunks: Buffer[] = [];
  for (let at = 8; value.readUInt32LE(at) > 0; at += 4 + value.readUInt32LE(at)) {
    chunks.push(value.subarray(at + 4, at + 4 + value.readUInt32LE(at)));
  }
  return Buffer.concat(chunks).toString('utf16le');
}

/** Transactions and the like stand before a statement. */
function withoutHeaders(payload: Buffer): Buffer {
  return payload.subarray(payload.readUInt32LE(0));
}
