import { createUserSql, dropUserSql } from './database/setup-sql.ts';
import type { DatabaseUser } from './database-user.ts';
import { resolveUser } from './database-user.ts';
import type { Instance } from './instance.ts';
import type { UserOptions } from './options.ts';
import { RULES } from './service-rules.ts';

/** Creates a database user of an instance. @throws EmulatorError `INVALID_OPTION`, `DATABASE_STATEMENT_FAILED` */
export async function addUser(instance: Instance, options: UserOptions): Promise<void> {
  const rules = RULES[instance.name.service];
  const user = resolveUser(options, 'user', rules);
  await instance.database.run(createUserSql(user, rules));
  instance.users.add(user);
  await instance.onChange();
}

/** Drops a database user of an instance. @throws EmulatorError `DATABASE_STATEMENT_FAILED` */
export async function removeUser(instance: Instance, user: DatabaseUser): Promise<void> {
  await instance.database.run(dropUserSql(user.name));
  instance.users.remove(user.name);
  await instance.onChange();
}

/** Gives a principal, who is in a group that is a database user, a user of its own. Who has one keeps it. */
export async function joinGroups(instance: Instance, name: string, groups: readonly string[]): Promise<void> {
  const rules = RULES[instance.name.service];
  const user: DatabaseUser = { kind: 'USER', name, databaseRoles: groups };
  // At once, so that a second login at the same time does not create it again.
  instance.users.add(user);
  try {
    await instance.database.run(createUserSql(user, rules));
  } catch (error) {
    instance.users.remove(name);
    throw error;
  }
  await instance.onChange();
}
