import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, vi } from 'vitest';
import type { Emulator } from '../src/index.ts';

/** Expects that what was sent is not answered, and that all is over once the client breaks its connection off. */
export async function expectSilence(cloud: Emulator, socket: Socket, sent: Promise<unknown>): Promise<void> {
  const lost = sent.then(
    () => 'answered',
    () => 'broken',
  );
  expect(await Promise.race([lost, delay(200, 'silent')])).toBe('silent');
  socket.destroy();
  expect(await lost).toBe('broken');
  await vi.waitFor(() => expect(cloud.statistics().connections.open).toBe(0));
}
