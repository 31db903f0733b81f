import { expect, it } from 'vitest';
import { renameUser } from '../src/postgres/startup-message.ts';

/** A StartupMessage, spelled out. */
function startup(fields: readonly string[], rest: Buffer = Buffer.alloc(0)): Buffer {
  const body = Buffer.from(`${fields.join('\0')}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(body.length + 8, 0);
  head.writeInt32BE(196_608, 4);
  return Buffer.concat([head, body, rest]);
}

it('puts the user where the placeholder stood, and corrects the length', () => {
  const given = startup(['user', 'nobody-yet', 'database', 'orders', 'application_name', 'nobody-yet']);
  const expected = startup(['user', 'app@shop.iam', 'database', 'orders', 'application_name', 'nobody-yet']);
  expect(renameUser(given, 'nobody-yet', 'app@shop.iam')).toEqual(expected);
});

it('replaces the database name that a client took from the user', () => {
  const given = startup(['user', 'nobody-yet', 'database', 'nobody-yet']);
  expect(renameUser(given, 'nobody-yet', 'ada@example.com')).toEqual(
    startup(['user', 'ada@example.com', 'database', 'ada@example.com']),
  );
});

it('keeps what follows the message', () => {
  const rest = Buffer.from('more');
  expect(renameUser(startup(['user', 'x'], rest), 'x', 'y')).toEqual(startup(['user', 'y'], rest));
});

it('leaves any other message alone', () => {
  const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
  expect(renameUser(sslRequest, 'x', 'y')).toEqual(sslRequest);
  expect(renameUser(Buffer.from('short'), 'x', 'y').toString()).toBe('short');
});
