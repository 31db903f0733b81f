import type { Emulator, InstanceOptions } from '@x/cloudsql-emulator';
import { expect } from 'vitest';
import { startCloud } from '../cloud.ts';

/** The instance that the guides name, and who logs in to it. */
export const instance = 'my-project:europe-west1:orders';
export const user = 'app@my-project.iam';

const email = `${user}.gserviceaccount.com`;

export function startGuideCloud(
  databaseVersion: InstanceOptions['databaseVersion'] = 'POSTGRES_18',
): Promise<Emulator> {
  const users = [{ email, databaseRoles: ['cloudsqlsuperuser'] }];
  const addresses = process.platform === 'linux' ? {} : { addresses: { PRIMARY: '127.0.0.1', PRIVATE: '127.0.0.1' } };
  return startCloud({
    principals: [{ email }],
    instances: [{ name: instance, databaseVersion, databases: ['orders'], users, ...addresses }],
  });
}

/** Whoever logged in did so as the IAM user, over the address that the guides choose. */
export function expectIamOverPrivate({ connections }: Emulator, expected: string = user): void {
  expect(connections.length).toBeGreaterThan(0);
  for (const connection of connections) expect(connection).toMatchObject({ user: expected, ipType: 'PRIVATE' });
}
