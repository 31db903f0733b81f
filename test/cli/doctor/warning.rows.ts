import { appUser, instance } from '../../cloud.ts';
import { type Case, patch, timedatectl } from './case.ts';
import { abroad, cloud, person, real, unaware, withoutEmulator } from './doctor-cloud.ts';

/** What is no failure: the exit code is 0. */
export const warningCases: readonly Omit<Case, 'code'>[] = [
  {
    name: 'a clock that is a minute off',
    make: () => cloud.faults.clock(61_000),
    args: [instance],
    step: 'clock',
    found: /^this machine is 6[01] s behind sqladmin\.googleapis\.com$/,
    mends: [timedatectl],
  },
  {
    name: 'variables of clients',
    args: [instance],
    env: () => ({ ...cloud.env, PGHOST: 'localhost', PGPASSWORD: 'secret' }),
    step: 'environment',
    found: 'PGHOST, PGPASSWORD are set, and clients that you start use them',
    mends: ['unset PGHOST PGPASSWORD'],
  },
  {
    name: "a user whose quota is nobody's",
    args: () => [real, ...unaware('-c', cloud.authorizedUserFile(person))],
    env: () => withoutEmulator,
    step: 'credentials',
    found: /nobody's quota is used$/,
    mends: ['gcloud auth application-default set-quota-project my-project'],
  },
  {
    name: 'a user who has not consented to the scope of logins',
    args: () => [abroad, ...unaware('-c', cloud.authorizedUserFile(person))],
    env: () => withoutEmulator,
    step: 'credentials',
    found: /; the login token opens more than databases$/,
    mends: [
      'gcloud auth application-default login --scopes=https://www.googleapis.com/auth/cloud-platform,https://www.googleapis.com/auth/alloydb.login',
    ],
  },
  {
    name: 'connections in clear text',
    make: () => cloud.faults.metadata(instance, { sslMode: 'ALLOW_UNENCRYPTED_AND_ENCRYPTED' }),
    args: [instance],
    step: 'instance',
    found: 'RUNNABLE; others may connect to it in clear text',
    evidence: 'its ssl_mode is ALLOW_UNENCRYPTED_AND_ENCRYPTED',
    mends: [patch('--ssl-mode=ENCRYPTED_ONLY')],
  },
  {
    name: 'tables that may not be read',
    args: [instance, '--database', 'private'],
    step: 'login',
    found: `${appUser} is logged in to private, and may read none of the 1 tables of the schema public`,
    mends: [`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "${appUser}";`],
  },
  {
    name: 'a schema that may not be used',
    args: [instance, '--database', 'shut'],
    step: 'login',
    found: `${appUser} is logged in to shut, and may not use the schema public`,
    mends: [`GRANT USAGE ON SCHEMA public TO "${appUser}";`],
  },
];
