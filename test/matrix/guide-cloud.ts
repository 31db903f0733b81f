import type { Emulator, EmulatorOptions } from '@x/cloudsql-emulator';
import { expect } from 'vitest';
import { startCloud } from '../cloud.ts';

/** The instance that the guides name, and who logs in to it. */
export const instance = 'my-project:europe-west1:orders';
export const user = 'app@my-project.iam';

const email = `${user}.gserviceaccount.com`;

export function startGuideCloud(options: Partial<EmulatorOptions> = {}): Promise<Emulator> {
  const users = [{ email, databaseRoles: ['cloudsqlsuperuser'] }];
  const addresses = process.platform === 'linux' ? {} : { addresses: { PRIMARY: '127.0.0.1', PRIVATE: '127.0.0.1' } };
  return startCloud({
    principals: [{ email }],
    instances: [{ name: instance, databases: ['orders'], users, ...addresses }],
    ...options,
  });
}

/** Whoever logged in did so as the IAM user, over the address that the guides choose. */
export function expectIamOverPrivate({ connections }: Emulator): void {
  expect(connections.length).toBeGreaterThan(0);
  for (const connection of connections) expect(connection).toMatchObject({ user, ipType: 'PRIVATE' });
}
