import assert from 'node:assert/strict';

/** How the programs for SQL Server log in. */
export const login = {
  instance: process.env.INSTANCE_CONNECTION_NAME ?? '',
  database: 'orders',
  user: 'app',
  password: 'correct horse',
};

/** Checks what the one SELECT answered, and prints it. */
export function tellOne(one: unknown): void {
  assert.equal(one, 1);
  console.log({ one });
}
