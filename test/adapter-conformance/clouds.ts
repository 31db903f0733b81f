import { type Emulator, startEmulator } from '@x/cloudsql-emulator';
import { app, native } from '../cloud.ts';
import type { Engine } from './engines/engine.ts';

/** An emulator with the instances of an engine, each with an IAM user and one with a password. */
export function startCloudFor({ instances, databaseVersion }: Engine): Promise<Emulator> {
  return startEmulator({
    principals: [{ email: app }],
    instances: Object.values(instances).map((name) => {
      const superuser = name.includes('/clusters/') ? 'alloydbsuperuser' : 'cloudsqlsuperuser';
      const users = [{ email: app, databaseRoles: [superuser] }, native];
      return { name, databases: ['orders'], users, ...(databaseVersion && { databaseVersion }) };
    }),
  });
}
