import { Connector, type ConnectorOptions } from '@x/cloudsql-core';
import { type Emulator, startEmulator } from '@x/cloudsql-emulator';
import pg from 'pg';
import { primary } from '../../alloydb-cloud.ts';
import { app, instance, native, setEnv } from '../../cloud.ts';

const at = 'demo-shop.iam.gserviceaccount.com';
/** May do everything, and is in no database. */
export const newcomer = `newcomer@${at}`;
/** May connect, and not log in. */
export const visitor = `visitor@${at}`;
/** May do nothing. */
export const nobody = `nobody@${at}`;
/** May not have the quota used. */
export const unbilled = `unbilled@${at}`;
/** May have the quota used, and nothing else. */
export const unconnected = `unconnected@${at}`;
/** A user account. */
export const person = 'ann@example.com';
/** An instance that a program believes to be at Google. */
export const real = 'my-project:europe-west1:orders';
/** The same of AlloyDB. */
export const abroad = primary.replace('demo-shop', 'my-project');

/** The emulator, once it is started. */
export let cloud: Emulator;

/** Starts an emulator with everything that the doctor's patients need. */
export async function startDoctorCloud(): Promise<void> {
  const users = [{ email: app }, { email: visitor }, native];
  cloud = await startEmulator({
    principals: [
      { email: app, tokenCreators: [person] },
      { email: newcomer },
      { email: person },
      { email: visitor, roles: ['cloudsql.client', 'alloydb.client', 'serviceusage.serviceUsageConsumer'] },
      { email: nobody, roles: [] },
      { email: unbilled, roles: ['alloydb.client', 'cloudsql.client', 'cloudsql.instanceUser'] },
      { email: unconnected, roles: ['serviceusage.serviceUsageConsumer'] },
    ],
    instances: [
      { name: instance, databases: ['orders', 'closed', 'private', 'shut'], users, pscEnabled: true },
      { name: primary, databases: ['orders'], users },
      { name: real, databases: ['orders'], users: [{ email: app }, { email: person }, { group: 'team@example.com' }] },
      { name: abroad, users: [{ email: person }] },
    ],
  });
  await sql('closed', 'revoke connect on database closed from public');
  await sql('private', 'create table secrets (id int)');
  await sql('shut', 'revoke usage on schema public from public');
}

/** Changes a database, past Cloud SQL. */
async function sql(database: string, text: string): Promise<void> {
  const client = new pg.Client(cloud.databaseUrl(instance, database));
  await client.connect();
  await client.query(text);
  await client.end();
}

/** The environment of somebody else. */
export const as = (principal: string): Record<string, string> => ({
  ...cloud.env,
  CLOUDSQL_EMULATOR_PRINCIPAL: principal,
});

/** Programs that do not know of the emulator, and take its APIs for Google's. */
export function unaware(...credentials: string[]): string[] {
  return [...credentials, '--sqladmin-api-endpoint', cloud.url, '--alloydbadmin-api-endpoint', cloud.url];
}

/** The environment of a program that knows no emulator. */
export const withoutEmulator = {
  CLOUDSQL_EMULATOR_HOST: '',
  ALLOYDB_EMULATOR_HOST: '',
  GOOGLE_APPLICATION_CREDENTIALS: '',
};

/** A token of a principal, to be used by somebody else. */
export async function tokenOf(principal: string, name = instance, options: ConnectorOptions = {}): Promise<string> {
  setEnv(as(principal));
  await using connector = new Connector(options);
  return (await connector.loginToken({ instance: name })).token;
}
