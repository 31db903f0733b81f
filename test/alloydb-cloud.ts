import { type Emulator, type EmulatorOptions, startEmulator, type UserOptions } from '@x/cloudsql-emulator';
import { app, native } from './cloud.ts';

/** A cluster with two instances. */
export const cluster = 'projects/demo-shop/locations/europe-west1/clusters/main';
export const primary = `${cluster}/instances/primary`;
export const replica = `${cluster}/instances/replica`;

/** An emulator with a cluster of AlloyDB, an IAM user and a user with a password, besides those that a test wants. */
export function startAlloyDb({
  users = [],
  ...options
}: Pick<EmulatorOptions, 'principals'> & { users?: readonly UserOptions[] } = {}): Promise<Emulator> {
  const appUser = { email: app, databaseRoles: ['alloydbsuperuser'] };
  return startEmulator({
    principals: [{ email: app }],
    instances: [
      { name: primary, databases: ['orders'], users: [appUser, native, ...users] },
      { name: replica, databases: ['orders'], users: [appUser] },
    ],
    ...options,
  });
}
