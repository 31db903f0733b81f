import type { Emulator, EmulatorOptions } from '@x/cloudsql-emulator';
import { primary } from '../alloydb-cloud.ts';
import { app, instance, native, startCloud } from '../cloud.ts';

/** An instance of each service, with an IAM user and a user with a password in both. */
export function startProxyCloud(options: Partial<EmulatorOptions> = {}): Promise<Emulator> {
  const instances = [instance, primary].map((name) => {
    const databaseRoles = [name === primary ? 'alloydbsuperuser' : 'cloudsqlsuperuser'];
    return {
      name,
      databases: ['orders'],
      users: [
        { email: app, databaseRoles },
        { ...native, databaseRoles },
      ],
    };
  });
  return startCloud({ instances, ...options });
}
