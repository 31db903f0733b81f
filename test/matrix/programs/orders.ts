import assert from 'node:assert/strict';

interface Order {
  readonly item: string | null;
  readonly quantity: number | null;
}

/** What each program writes at once, from a pool of five. */
export const orders: readonly { item: string; quantity: number }[] = Array.from({ length: 20 }, (_, quantity) => ({
  item: `item ${quantity}`,
  quantity,
}));

/** Checks what was read back, the committed order last, and prints what the examples print. */
export function tell(currentUser: string | undefined, read: readonly Order[]): void {
  assert.deepEqual(
    read.map(({ item, quantity }) => ({ item, quantity })),
    [...orders, { item: 'commit', quantity: 100 }],
  );
  console.log({ currentUser, rowsWritten: orders.length + 1, rowsRead: read.length });
}
