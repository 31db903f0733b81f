import { bytesField, decodeFields, numberField } from './protobuf.ts';

/** What an AlloyDB client says before it speaks to the database. */
export interface ExchangeRequest {
  readonly userAgent: string;
  readonly authType: 'DB_NATIVE' | 'AUTO_IAM';
  readonly token: string;
}

/** Length of the longest message that either side may send, in bytes. */
export const MAX_EXCHANGE_BYTES = 16_384;

/**
 * Decodes `MetadataExchangeRequest` (`user_agent` = 1, `auth_type` = 2, `oauth2_token` = 3); other fields are skipped.
 * Returns a sentence that says what is wrong if it is none.
 */
export function decodeExchangeRequest(message: Buffer): ExchangeRequest | string {
  const fields = decodeFields(message);
  if (typeof fields === 'string') return `the metadata exchange request ${fields}`;
  const authType = fields.number(2);
  // 0 is what clients send that do not say; it means a database user with a password.
  if (authType > 2) return `the metadata exchange request has the unknown auth_type ${authType}`;
  return {
    userAgent: fields.text(1),
    authType: authType === 2 ? 'AUTO_IAM' : 'DB_NATIVE',
    token: fields.text(3),
  };
}

/** How a database client reaches a connector; a client that does not say so counts as `TCP`. */
export type ClientProtocol = 'TCP' | 'TLS' | 'UDS';

/**
 * Decodes the `MetadataExchangeRequest` of Cloud SQL (`user_agent` = 1, `client_protocol_type` = 2); other fields are
 * skipped. Returns `undefined` if it is none.
 */
export function decodeClientProtocol(
  message: Buffer,
): { readonly userAgent: string; readonly clientProtocol: ClientProtocol } | undefined {
  const fields = decodeFields(message);
  if (typeof fields === 'string') return undefined;
  const clientProtocol = (['TCP', 'TCP', 'TLS', 'UDS'] as const)[fields.number(2)];
  return clientProtocol && { userAgent: fields.text(1), clientProtocol };
}

/** Encodes a frame with `MetadataExchangeResponse` (`response_code` = 1, `error` = 2): OK, or an error. */
export function encodeExchangeResponse(error?: string): Buffer {
  const code = numberField(1, error === undefined ? 1 : 2);
  const text = Buffer.from(error ?? '', 'utf8').subarray(0, MAX_EXCHANGE_BYTES - 16);
  const message = error === undefined ? code : Buffer.concat([code, bytesField(2, text)]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message]);
}
