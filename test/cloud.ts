import { type Emulator, type EmulatorOptions, startEmulator } from '@x/cloudsql-emulator';
import { vi } from 'vitest';

/** What the tests of this folder connect to unless they say otherwise. */
export const instance = 'demo-shop:europe-west1:orders';
export const app = 'app@demo-shop.iam.gserviceaccount.com';
export const appUser = 'app@demo-shop.iam';
export const native = { name: 'native', password: 'correct horse' } as const;

/** An emulator with one instance, an IAM user and a user with a password. */
export function startCloud(options: Partial<EmulatorOptions> = {}): Promise<Emulator> {
  return startEmulator({
    principals: [{ email: app }],
    instances: [
      {
        name: instance,
        databases: ['orders'],
        users: [
          { email: app, databaseRoles: ['cloudsqlsuperuser'] },
          { ...native, databaseRoles: ['cloudsqlsuperuser'] },
        ],
      },
    ],
    ...options,
  });
}

/** Sets variables until the test, or the file, is over. */
export function setEnv(variables: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
}
