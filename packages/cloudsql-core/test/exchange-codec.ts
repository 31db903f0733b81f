import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';

const { root } = protobuf.parse(readFileSync(new URL('metadata-exchange.proto', import.meta.url), 'utf8'));

/** A request, as the library for protobuf reads it. */
export function decodeRequest(bytes: Uint8Array): Record<string, unknown> {
  const type = root.lookupType('MetadataExchangeRequest');
  return type.toObject(type.decode(bytes), { enums: String, defaults: true });
}

/** A response in a frame, as the library for protobuf writes it. */
export function responseFrame(response: { responseCode?: number; error?: string }): Buffer {
  const type = root.lookupType('MetadataExchangeResponse');
  return frame(type.encode(type.create(response)).finish());
}

/** The code and the text of the response that a frame holds. */
export function decodeResponse(bytes: Uint8Array): Record<string, unknown> {
  const type = root.lookupType('MetadataExchangeResponse');
  return type.toObject(type.decode(bytes), { enums: String, defaults: true });
}

/** Puts the length in front. */
export function frame(message: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message]);
}
