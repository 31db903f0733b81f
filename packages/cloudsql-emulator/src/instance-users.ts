import type { DatabaseUser } from './database-user.ts';
import { resolveUser } from './database-user.ts';
import type { Instance } from './instance.ts';
import type { UserOptions } from './options.ts';

/** Creates a database user of an instance. @throws EmulatorError `INVALID_OPTION`, `DATABASE_STATEMENT_FAILED` */
export async function addUser(instance: Instance, options: UserOptions): Promise<void> {
  await create(instance, resolveUser(options, 'user', instance.rules));
}

/** Drops a database user of an instance. @throws EmulatorError `DATABASE_STATEMENT_FAILED` */
export async function removeUser(instance: Instance, user: DatabaseUser): Promise<void> {
  await instance.database.dropUser(user);
  instance.users.remove(user.name);
  await instance.onChange();
}

/** Gives a principal, who is in groups that are database users, a user of its own; once, however many logins ask. */
export function joinGroups(instance: Instance, name: string, groups: readonly string[]): Promise<void> {
  const { joining } = instance.users;
  const pending = joining.get(name) ?? create(instance, { kind: 'USER', name, databaseRoles: groups });
  joining.set(name, pending);
  const forget = (): void => void joining.delete(name);
  pending.then(forget, forget);
  return pending;
}

async function create(instance: Instance, user: DatabaseUser): Promise<void> {
  await instance.database.createUser(user);
  instance.users.add(user);
  await instance.onChange();
}
