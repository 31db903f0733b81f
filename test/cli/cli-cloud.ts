import type { Emulator, EmulatorOptions } from '@x/cloudsql-emulator';
import { primary } from '../alloydb-cloud.ts';
import { app, instance, native, startCloud } from '../cloud.ts';

/** What logs in nowhere yet: it is in no database. */
export const newcomer = 'newcomer@demo-shop.iam.gserviceaccount.com';

/** An instance of each service, for commands. */
export function startCliCloud(options: Partial<EmulatorOptions> = {}): Promise<Emulator> {
  return startCloud({
    principals: [{ email: app }, { email: newcomer }],
    instances: [
      {
        name: instance,
        databases: ['orders', 'pushed'],
        users: [
          { email: app, databaseRoles: ['cloudsqlsuperuser'] },
          { ...native, databaseRoles: ['cloudsqlsuperuser'] },
        ],
      },
      { name: primary, databases: ['orders'], users: [{ email: app, databaseRoles: ['alloydbsuperuser'] }] },
    ],
    ...options,
  });
}
