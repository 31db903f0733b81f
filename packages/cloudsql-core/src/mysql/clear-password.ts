import { answer, encodePacket, packetLength } from './packets.ts';

/** The server's wish for a password in clear text, as an AuthSwitchRequest. */
const wish = Buffer.from(`${String.fromCharCode(answer.authSwitch)}mysql_clear_password\0`, 'latin1');

/**
 * Shows the server a secret when it asks for one in clear text, as it does with IAM users, and hides that from the
 * driver: all have clear text turned off where they do not know of TLS, or need to be told.
 */
export function answerWith(secret: () => string): (chunk: Buffer, send: (bytes: Buffer) => void) => Buffer | undefined {
  let pending: Buffer | undefined = Buffer.alloc(0);
  /** The number that the driver expects on the next packet, once there was a packet that it did not see. */
  let hidden: number | undefined;
  return (chunk, send) => {
    if (!pending) return undefined;
    pending = Buffer.concat([pending, chunk]);
    let length = packetLength(pending);
    if (length === undefined || pending.length < length) return Buffer.alloc(0);
    if (hidden === undefined && pending.subarray(4, length).indexOf(wish) === 0) {
      hidden = pending[3]!;
      send(encodePacket(hidden + 1, Buffer.from(`${secret()}\0`)));
      pending = pending.subarray(length);
      length = packetLength(pending);
      if (length === undefined || pending.length < length) return Buffer.alloc(0);
    }
    if (hidden !== undefined) pending[3] = hidden;
    const rest = pending;
    pending = undefined;
    return rest;
  };
}
