import type { Route } from './http-types.ts';

/** What an emulator says of itself. */
export interface SelfOptions {
  readonly id: string;
  readonly startedAt: Date;
}

/** Returns the page by which tools recognise the emulator. */
export function selfRoutes({ id, startedAt }: SelfOptions): readonly Route[] {
  return [
    {
      name: 'emulator',
      methods: ['GET'],
      hosts: [],
      path: /^\/emulator$/,
      handle: () => ({ status: 200, body: { id, pid: process.pid, startedAt: startedAt.toISOString() } }),
    },
  ];
}
