import { type Emulator, startEmulator } from '@x/cloudsql-emulator';
import { app, native } from '../cloud.ts';
import type { Engine } from './engines/engine.ts';

/** An emulator with the instances of an engine, on all types of addresses, each with an IAM user and one with a password. */
export function startCloudFor({ instances, standbys, databaseVersion }: Engine): Promise<Emulator> {
  return startEmulator({
    principals: [{ email: app }],
    instances: [...Object.values(instances), ...Object.values(standbys)].map((name) => {
      const superuser = name.includes('/clusters/') ? 'alloydbsuperuser' : 'cloudsqlsuperuser';
      const users = [{ email: app, databaseRoles: [superuser] }, native];
      return { name, databases: ['orders'], users, pscEnabled: true, ...(databaseVersion && { databaseVersion }) };
    }),
  });
}
