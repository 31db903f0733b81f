import dns from 'node:dns';
import { readFileSync } from 'node:fs';
import { Connector, type ConnectorOptions } from '@x/cloudsql-core';
import { type Emulator, startEmulator } from '@x/cloudsql-emulator';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type StepReport, steps } from '../../packages/cloudsql-cli/src/doctor/steps.ts';
import { cli } from '../../packages/cloudsql-cli/test/cli.ts';
import { primary } from '../alloydb-cloud.ts';
import { app, appUser, instance, native, setEnv } from '../cloud.ts';
import { SocksServer } from '../socks-server.ts';
import { cloudsql } from './cloudsql.ts';

const at = 'demo-shop.iam.gserviceaccount.com';
/** May do everything, and is in no database. */
const newcomer = `newcomer@${at}`;
/** May connect, and not log in. */
const visitor = `visitor@${at}`;
const nobody = `nobody@${at}`;
const unbilled = `unbilled@${at}`;
const unconnected = `unconnected@${at}`;
const person = 'ann@example.com';
/** An instance that a program believes to be at Google. */
const real = 'my-project:europe-west1:orders';
const abroad = primary.replace('demo-shop', 'my-project');

let cloud: Emulator;

beforeAll(async () => {
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
});

afterEach(async () => {
  await cloud.faults.clear();
  vi.unstubAllEnvs();
});

afterAll(() => cloud.close());

/** Changes a database, past Cloud SQL. */
async function sql(database: string, text: string): Promise<void> {
  const client = new pg.Client(cloud.databaseUrl(instance, database));
  await client.connect();
  await client.query(text);
  await client.end();
}

interface Diagnosis {
  readonly code: number;
  readonly failed: string | undefined;
  readonly steps: Readonly<Record<string, StepReport>>;
}

/** What the doctor says, with such variables in the environment. */
async function doctor(args: readonly string[], env: Readonly<Record<string, string>> = cloud.env): Promise<Diagnosis> {
  setEnv(env);
  const { code, stdout, stderr } = await cli(['doctor', ...args, '--json'], env);
  expect(stderr).toBe('');
  const { failed, exitCode, steps } = JSON.parse(stdout) as { failed?: string; exitCode: number; steps: StepReport[] };
  expect(exitCode).toBe(code);
  return { code, failed, steps: Object.fromEntries(steps.map((step) => [step.step, step])) };
}

const as = (principal: string): Record<string, string> => ({ ...cloud.env, CLOUDSQL_EMULATOR_PRINCIPAL: principal });

/** Programs that do not know of the emulator, and take its APIs for Google's. */
function unaware(...credentials: string[]): string[] {
  return [...credentials, '--sqladmin-api-endpoint', cloud.url, '--alloydbadmin-api-endpoint', cloud.url];
}

const withoutEmulator = { CLOUDSQL_EMULATOR_HOST: '', ALLOYDB_EMULATOR_HOST: '', GOOGLE_APPLICATION_CREDENTIALS: '' };

/** A token of a principal, to be used by somebody else. */
async function tokenOf(principal: string, name = instance, options: ConnectorOptions = {}): Promise<string> {
  setEnv(as(principal));
  await using connector = new Connector(options);
  return (await connector.loginToken({ instance: name })).token;
}

describe('cloudsql doctor', () => {
  it.each([
    ['Cloud SQL', instance, { exchange: 'SKIPPED' }],
    ['AlloyDB', primary, { exchange: 'OK' }],
  ])('says that all is well with %s', async (_, name, differing) => {
    const { code, failed, steps } = await doctor([name, '--database', 'orders']);
    expect({ code, failed }).toEqual({ code: 0, failed: undefined });
    const statuses = Object.fromEntries(Object.values(steps).map(({ step, status }) => [step, status]));
    expect(statuses).toMatchObject({
      clock: 'OK',
      credentials: 'OK',
      roles: 'OK',
      tls: 'OK',
      login: 'OK',
      ...differing,
    });
    expect(Object.values(statuses)).not.toContain('FAILED');
    expect(Object.values(statuses)).not.toContain('WARNING');
    expect(steps.login?.found).toBe(`${appUser} is logged in to orders`);
    expect(steps.tls?.found).toMatch(/^TLSv1\.3 TLS_/);
  });

  it('goes the same way where nothing tells it of the emulator', async () => {
    const env = cloud.googleEnv(app, { intercept: true });
    const { code, stdout, stderr } = await cloudsql(['doctor', real, '--database', 'orders'], env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('✓ environment  HTTPS_PROXY is used: 127.0.0.1:');
    expect(stdout).toContain(
      '✓ credentials  app@demo-shop.iam.gserviceaccount.com (service account), scope sqlservice.admin',
    );
    expect(stdout).toMatch(/\nAll is well\.\n$/);
    // Colours and progress are for terminals.
    expect(stdout).not.toContain('\u001b');
  });

  it('says in words what is wrong, how it knows, and what mends it', async () => {
    setEnv(as(nobody));
    const { code, stdout } = await cli(['doctor', instance], as(nobody));
    expect(code).toBe(15);
    expect(stdout).toContain(`✗ roles        nobody@demo-shop.iam.gserviceaccount.com may not connect to the instance
               CLOUDSQL_PERMISSION_DENIED: ${cloud.host} answered 403: boss::NOT_AUTHORIZED: Not authorized to access resource.`);
    expect(stdout).toContain(
      `\n               gcloud projects add-iam-policy-binding demo-shop --member=serviceAccount:${nobody} --role=roles/cloudsql.client\n`,
    );
    expect(stdout).toContain('– login        not looked at: instance comes first\n');
    expect(stdout).toMatch(/\nMend roles first, then run this again\.\n$/);
  });
});

/** A failure: how it is made, how the doctor is called, and what it says. */
interface Case {
  readonly name: string;
  readonly make?: () => void | Promise<void>;
  readonly args: readonly string[] | (() => readonly string[] | Promise<readonly string[]>);
  readonly env?: () => Readonly<Record<string, string>>;
  readonly code: number;
  readonly step: string;
  readonly found: string | RegExp;
  readonly mends?: readonly string[];
  readonly evidence?: string;
}

const grant = (principal: string, role: string): string =>
  `gcloud projects add-iam-policy-binding demo-shop --member=serviceAccount:${principal} --role=roles/${role}`;
const patch = (flags: string): string => `gcloud sql instances patch orders --project=demo-shop ${flags}`;
const timedatectl = { darwin: 'sudo sntp -sS time.google.com', win32: 'w32tm /resync' }[process.platform as string];
const cluster = '--cluster=main --region=europe-west1 --project=demo-shop';

const cases: readonly Case[] = [
  {
    name: 'a clock that is an hour behind',
    make: () => cloud.faults.clock(3_600_000),
    args: [instance],
    code: 10,
    step: 'clock',
    found: /^this machine is (59|60) min behind sqladmin\.googleapis\.com$/,
    mends: [timedatectl ?? 'sudo timedatectl set-ntp true'],
  },
  {
    name: 'a clock that is an hour ahead',
    make: () => cloud.faults.clock(-3_600_000),
    args: [primary],
    code: 10,
    step: 'clock',
    found: /^this machine is 60 min ahead of alloydb\.googleapis\.com$/,
    mends: [timedatectl ?? 'sudo timedatectl set-ntp true'],
  },
  {
    name: 'a proxy variable that is no URL of one',
    args: [instance],
    env: () => ({ ...cloud.env, HTTPS_PROXY: 'socks5://127.0.0.1:1080' }),
    code: 11,
    step: 'environment',
    found: 'HTTPS_PROXY is not the URL of an HTTP proxy',
    mends: ['export HTTPS_PROXY=http://HOST:PORT'],
  },
  {
    name: 'a proxy that is not there',
    args: [instance],
    env: () => ({ ...cloud.env, https_proxy: '127.0.0.1:1' }),
    code: 11,
    step: 'environment',
    found: 'the proxy 127.0.0.1:1, which https_proxy names, does not answer',
    evidence: 'connect ECONNREFUSED 127.0.0.1:1',
    mends: ['unset https_proxy'],
  },
  {
    name: 'a SOCKS proxy that is not there',
    args: [instance],
    env: () => ({ ...cloud.env, ALL_PROXY: 'socks5h://127.0.0.1:1' }),
    code: 11,
    step: 'environment',
    found: 'the proxy 127.0.0.1:1, which ALL_PROXY names, does not answer',
    mends: ['unset ALL_PROXY'],
  },
  {
    name: 'a project of the emulator without the emulator',
    args: [instance, '--sqladmin-api-endpoint', 'http://127.0.0.1:1'],
    env: () => withoutEmulator,
    code: 11,
    step: 'environment',
    found: 'the project demo-shop exists only in the emulator, and no variable names one',
    mends: ['eval "$(cloudsql emulator env-init)"'],
  },
  {
    name: 'no way to the admin API',
    args: [instance],
    env: () => ({ ...cloud.env, CLOUDSQL_EMULATOR_HOST: '127.0.0.1:1' }),
    code: 12,
    step: 'api-egress',
    found: 'sqladmin.googleapis.com port 443 cannot be reached from here',
    evidence: 'CLOUDSQL_API_UNREACHABLE: 127.0.0.1:1 cannot be reached: connect ECONNREFUSED',
  },
  {
    name: 'credentials that give no token',
    args: [instance],
    env: () => as('ghost@example.com'),
    code: 13,
    step: 'credentials',
    found: 'the credentials give no token: they have expired, or were withdrawn',
    mends: ['gcloud auth application-default login'],
  },
  {
    name: 'no credentials',
    args: () => [real, ...unaware('--credentials-file', '/nowhere/key.json')],
    env: () => withoutEmulator,
    code: 13,
    step: 'credentials',
    found: 'there are no Google credentials, or they cannot be read',
    mends: ['gcloud auth application-default login'],
  },
  {
    name: 'a service account that may not be acted as',
    args: [instance, '--impersonate-service-account', app],
    env: () => as(visitor),
    code: 13,
    step: 'credentials',
    found: `the credentials may not act as ${app}`,
    mends: [
      `gcloud iam service-accounts add-iam-policy-binding ${app} --member=user:EMAIL --role=roles/iam.serviceAccountTokenCreator`,
    ],
  },
  {
    name: 'the API for acting as somebody, disabled',
    make: () => cloud.faults.disable('iamcredentials.googleapis.com'),
    args: [instance, '--impersonate-service-account', app],
    env: () => as(person),
    code: 13,
    step: 'credentials',
    found: 'the API iamcredentials.googleapis.com is not enabled in the project demo-shop',
    mends: ['gcloud services enable iamcredentials.googleapis.com --project=demo-shop'],
  },
  {
    name: 'a token without the scope of the API',
    args: async () => [real, ...unaware('--token', await tokenOf(app), '--login-token', await tokenOf(app))],
    env: () => withoutEmulator,
    code: 13,
    step: 'credentials',
    found: 'the token may not call the API: it lacks the scope',
    mends: ['gcloud compute instances set-service-account VM --scopes=cloud-platform'],
  },
  {
    name: 'the admin API of Cloud SQL, disabled',
    make: () => cloud.faults.disable('sqladmin.googleapis.com'),
    args: [instance],
    code: 14,
    step: 'api',
    found: 'the API sqladmin.googleapis.com is not enabled in the project demo-shop',
    evidence: 'CLOUDSQL_API_DISABLED',
    mends: ['gcloud services enable sqladmin.googleapis.com --project=demo-shop'],
  },
  {
    name: 'the API of AlloyDB, disabled',
    make: () => cloud.faults.disable('alloydb.googleapis.com'),
    args: [primary],
    code: 14,
    step: 'api',
    found: 'the API alloydb.googleapis.com is not enabled in the project demo-shop',
    mends: ['gcloud services enable alloydb.googleapis.com --project=demo-shop'],
  },
  {
    name: 'no role on Cloud SQL',
    args: [instance],
    env: () => as(nobody),
    code: 15,
    step: 'roles',
    found: `${nobody} may not connect to the instance`,
    mends: [grant(nobody, 'cloudsql.client')],
  },
  {
    name: 'no role for the quota project',
    args: [instance, '--quota-project', 'demo-shop'],
    env: () => as(unbilled),
    code: 15,
    step: 'roles',
    found: `${unbilled} may not have the project's quota used`,
    mends: [grant(unbilled, 'serviceusage.serviceUsageConsumer')],
  },
  {
    name: 'one of the two roles on AlloyDB, that of quota',
    args: [primary],
    env: () => as(unbilled),
    code: 15,
    step: 'roles',
    found: `${unbilled} may not have the project's quota used`,
    mends: [grant(unbilled, 'serviceusage.serviceUsageConsumer')],
  },
  {
    name: 'the other one of the two',
    args: [primary],
    env: () => as(unconnected),
    code: 15,
    step: 'roles',
    found: `${unconnected} may not connect to the instance`,
    mends: [grant(unconnected, 'alloydb.client')],
  },
  {
    name: 'an instance that does not exist',
    args: ['demo-shop:europe-west1:nothing'],
    code: 16,
    step: 'instance',
    found: 'the project demo-shop has no instance nothing',
    mends: ['gcloud sql instances list --project=demo-shop'],
  },
  {
    name: 'an instance in another region',
    make: () => cloud.faults.metadata(instance, { region: 'us-east1' }),
    args: [instance],
    code: 16,
    step: 'instance',
    found: 'the instance is not in the region europe-west1',
    mends: ["gcloud sql instances describe orders --project=demo-shop --format='value(connectionName)'"],
  },
  {
    name: 'an instance that was stopped',
    make: () => cloud.faults.metadata(instance, { activationPolicy: 'NEVER' }),
    args: [instance],
    code: 16,
    step: 'instance',
    found: 'the instance is stopped',
    mends: [patch('--activation-policy=ALWAYS')],
  },
  {
    name: 'an instance under maintenance',
    make: () => cloud.faults.metadata(primary, { state: 'MAINTENANCE' }),
    args: [primary],
    code: 16,
    step: 'instance',
    found: 'the instance is in the state MAINTENANCE',
  },
  {
    name: 'an instance that takes no IAM logins',
    make: () => cloud.faults.metadata(instance, { iamAuthentication: 'off' }),
    args: [instance],
    code: 16,
    step: 'instance',
    found: 'the instance takes no IAM logins',
    evidence: 'its flag cloudsql.iam_authentication is off',
    mends: [patch('--database-flags=cloudsql.iam_authentication=on')],
  },
  {
    name: 'an AlloyDB instance that takes no IAM logins',
    make: () => cloud.faults.metadata(primary, { iamAuthentication: 'off' }),
    args: [primary],
    code: 16,
    step: 'instance',
    found: 'the instance takes no IAM logins',
    mends: [`gcloud alloydb instances update primary ${cluster} --database-flags=alloydb.iam_authentication=on`],
  },
  {
    name: 'an instance without a public address',
    make: () => cloud.faults.metadata(instance, { withoutAddresses: ['PRIMARY'] }),
    args: [instance],
    code: 17,
    step: 'addresses',
    found: 'the instance has no address of the type PUBLIC; it has PRIVATE, PSC',
    mends: [patch('--assign-ip')],
  },
  {
    name: 'an AlloyDB instance without a public address',
    make: () => cloud.faults.metadata(primary, { withoutAddresses: ['PRIMARY'] }),
    args: [primary, '--public-ip'],
    code: 17,
    step: 'addresses',
    found: 'the instance has no address of the type PUBLIC; it has PRIVATE',
    mends: [`gcloud alloydb instances update primary ${cluster} --assign-inbound-public-ip=ASSIGN_IPV4`],
  },
  {
    name: 'a name that nobody knows here',
    args: [instance, '--psc', '--timeout', '3'],
    code: 18,
    step: 'dns',
    found: /sql-psc\.goog has no address here$/,
  },
  {
    name: 'a port that is closed',
    make: () => cloud.faults.connections(instance, 'REFUSED'),
    args: [instance],
    code: 19,
    step: 'egress',
    found: /^127\.[\d.]+:3307 cannot be reached from here$/,
    evidence: 'connect ECONNREFUSED',
    mends: [
      expect.stringMatching(
        /^gcloud compute firewall-rules create allow-cloudsql .* --rules=tcp:3307 --destination-ranges=127\.[\d.]+\/32$/,
      ) as string,
    ],
  },
  {
    name: 'a port of AlloyDB that is closed',
    make: () => cloud.faults.connections(primary, 'REFUSED'),
    args: [primary],
    code: 19,
    step: 'egress',
    found: /^127\.[\d.]+:5433 cannot be reached from here$/,
  },
  {
    name: 'an old version of TLS',
    make: () => cloud.faults.server(instance, { tlsVersion: 'TLSv1.2' }),
    args: [instance],
    code: 20,
    step: 'tls',
    found: 'what answers at port 3307 does not speak TLS 1.3 as the instance does',
    evidence: 'CLOUDSQL_TLS_FAILED',
  },
  {
    name: 'a server that says nothing',
    make: () => cloud.faults.connections(instance, 'SILENT_BEFORE_HANDSHAKE'),
    args: [instance, '--timeout', '1'],
    code: 20,
    step: 'tls',
    found: /^Waited 1000 ms for 127\.[\d.]+:3307 to answer/,
  },
  {
    name: 'a server that hangs up on the certificate',
    make: () => cloud.faults.connections(instance, 'RESET_AFTER_HANDSHAKE'),
    args: [instance],
    code: 20,
    step: 'tls',
    found: 'the instance hung up after the TLS handshake: it refuses the certificate',
  },
  {
    name: 'another server',
    make: () => cloud.faults.server(real, { commonName: 'my-project:other' }),
    args: [real],
    code: 21,
    step: 'identity',
    found: 'what answers is not the instance',
    evidence: 'CLOUDSQL_SERVER_IDENTITY',
  },
  {
    name: 'a server certificate that has expired',
    make: () => cloud.faults.server(primary, { expired: true }),
    args: [primary],
    code: 21,
    step: 'identity',
    found: 'what answers is not the instance',
    evidence: 'certificate has expired',
  },
  {
    name: 'a metadata exchange that is not answered',
    make: () => cloud.faults.connections(primary, 'SILENT_AFTER_HANDSHAKE'),
    args: [primary, '--timeout', '1'],
    code: 22,
    step: 'exchange',
    found: /^Waited 1000 ms for the metadata exchange with/,
  },
  {
    name: 'a login token that AlloyDB does not let in',
    args: async () => {
      const scope = 'https://www.googleapis.com/auth/cloud-platform';
      const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: app, scope });
      const answer = await fetch(`${cloud.url}/token`, { method: 'POST', body: form });
      const { access_token } = (await answer.json()) as { access_token: string };
      return [abroad, ...unaware('--token', access_token, '--login-token', await tokenOf(nobody, primary))];
    },
    env: () => withoutEmulator,
    code: 22,
    step: 'exchange',
    found: 'the instance does not let the principal in',
    evidence: "Permission 'alloydb.instances.connect' denied",
    mends: [
      'gcloud projects add-iam-policy-binding my-project --member=user:EMAIL --role=roles/alloydb.client',
      'gcloud projects add-iam-policy-binding my-project --member=user:EMAIL --role=roles/serviceusage.serviceUsageConsumer',
    ],
  },
  {
    name: 'no database user',
    args: [instance],
    env: () => as(newcomer),
    code: 23,
    step: 'user',
    found: 'there is no database user newcomer@demo-shop.iam',
    mends: [
      `gcloud sql users create ${newcomer} --instance=orders --project=demo-shop --type=cloud_iam_service_account`,
    ],
  },
  {
    name: 'a built-in user where IAM logs in',
    args: [instance, '--user', native.name],
    code: 23,
    step: 'user',
    found: 'native is a built-in user, which IAM does not log in',
    mends: [
      'gcloud sql users delete native --instance=orders --project=demo-shop',
      `gcloud sql users create ${app} --instance=orders --project=demo-shop --type=cloud_iam_service_account`,
    ],
  },
  {
    name: 'an IAM user where a password is given',
    args: [instance, '--user', appUser, '--password-variable', 'SECRET'],
    env: () => ({ ...cloud.env, SECRET: 'x' }),
    code: 23,
    step: 'user',
    found: `${appUser} is an IAM user, which has no password`,
  },
  {
    name: 'a built-in user that does not exist',
    args: [instance, '--user', 'missing', '--password-variable', 'SECRET'],
    env: () => ({ ...cloud.env, SECRET: 'x' }),
    code: 23,
    step: 'user',
    found: 'there is no database user missing',
    mends: ['gcloud sql users create missing --instance=orders --project=demo-shop'],
  },
  {
    name: 'a principal that may not log in',
    args: [instance],
    env: () => as(visitor),
    code: 24,
    step: 'login',
    found: 'visitor@demo-shop.iam does not exist, or its principal may not log in',
    evidence: 'the database answered 28P01: Cloud SQL IAM service account authentication failed',
    mends: [
      `gcloud sql users create ${visitor} --instance=orders --project=demo-shop --type=cloud_iam_service_account`,
      grant(visitor, 'cloudsql.instanceUser'),
    ],
  },
  {
    name: 'a principal that may not log in to AlloyDB',
    args: [primary],
    env: () => as(visitor),
    code: 24,
    step: 'login',
    found: 'visitor@demo-shop.iam does not exist, or its principal may not log in',
    mends: [
      `gcloud alloydb users create visitor@demo-shop.iam ${cluster} --type=IAM_BASED`,
      grant(visitor, 'alloydb.databaseUser'),
    ],
  },
  {
    name: 'a wrong password',
    args: [instance, '--user', native.name, '--password-variable', 'SECRET'],
    env: () => ({ ...cloud.env, SECRET: 'wrong' }),
    code: 24,
    step: 'login',
    found: 'the password of native is wrong',
    mends: ['gcloud sql users set-password native --instance=orders --project=demo-shop --prompt-for-password'],
  },
  {
    name: 'a database that does not exist',
    args: [instance, '--database', 'nothing'],
    code: 24,
    step: 'login',
    found: 'there is no database nothing',
    mends: ['gcloud sql databases create nothing --instance=orders --project=demo-shop'],
  },
  {
    name: 'a database that may not be connected to',
    args: [instance, '--database', 'closed'],
    code: 24,
    step: 'login',
    found: `${appUser} may not connect to the database closed`,
    mends: [`GRANT CONNECT ON DATABASE "closed" TO "${appUser}";`],
  },
];

describe('the doctor finds', () => {
  it.each(cases.map((each) => [each.name, each] as const))('%s', async (_, each) => {
    await each.make?.();
    const { code, failed, steps } = await doctor(
      typeof each.args === 'function' ? await each.args() : each.args,
      each.env?.() ?? cloud.env,
    );
    const { status, found, remedy, evidence } = steps[each.step] ?? {};
    expect({ code, failed, status, found, remedy }).toEqual({
      code: each.code,
      failed: each.step,
      status: 'FAILED',
      found: typeof each.found === 'string' ? each.found : expect.stringMatching(each.found),
      remedy: each.mends,
    });
    if (each.evidence !== undefined) expect(evidence).toContain(each.evidence);
  });
});

/** What is no failure: the exit code is 0. */
const warnings: readonly Omit<Case, 'code'>[] = [
  {
    name: 'a clock that is a minute off',
    make: () => cloud.faults.clock(61_000),
    args: [instance],
    step: 'clock',
    found: /^this machine is 6[01] s behind sqladmin\.googleapis\.com$/,
    mends: [timedatectl ?? 'sudo timedatectl set-ntp true'],
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

describe('through a SOCKS proxy the doctor', () => {
  it('goes the way of the connector', async () => {
    const proxy = await SocksServer.start();
    const { code, steps } = await doctor([instance], { ...cloud.env, ALL_PROXY: `socks5://${proxy.host}` });
    const { requests } = proxy;
    await proxy.close();
    expect({ code, egress: steps.egress?.found }).toEqual({ code: 0, egress: 'port 3307 answers' });
    expect(requests).toContainEqual(expect.objectContaining({ port: 3307 }));
  });

  it('hears from the proxy that a port is closed', async () => {
    const refused = 5;
    const proxy = await SocksServer.start({ reply: refused });
    const { code, failed, steps } = await doctor([instance], { ...cloud.env, ALL_PROXY: `socks5://${proxy.host}` });
    await proxy.close();
    expect({ code, failed }).toEqual({ code: 19, failed: 'egress' });
    expect(steps.egress?.evidence).toContain('CLOUDSQL_DIAL_FAILED');
  });
});

describe('the doctor looks up', () => {
  const servers = dns.getServers();

  beforeAll(() => dns.setServers([cloud.dns.server]));
  afterAll(() => dns.setServers(servers));

  it('a DNS name that leads to an instance, and goes on', async () => {
    cloud.dns.set('orders.shop.example', { TXT: instance });
    const { code, failed, steps } = await doctor(['orders.shop.example', '--database', 'orders']);
    expect({ code, failed, login: steps.login?.status }).toEqual({ code: 0, failed: undefined, login: 'OK' });
  });

  it('the name of a PSC endpoint', async () => {
    const { code, steps } = await doctor([instance, '--psc']);
    expect({ code, dns: steps.dns?.found }).toEqual({ code: 0, dns: expect.stringMatching(/sql-psc\.goog is 127\./) });
  });

  it.each([
    [
      'unknown.shop.example',
      undefined,
      'the DNS name unknown.shop.example leads to no instance',
      ['gcloud dns record-sets create unknown.shop.example.'],
    ],
    ['a.shop.example', { CNAME: 'a.shop.example' }, 'the DNS name a.shop.example leads in a circle', []],
  ] as const)('%s, which leads to nothing', async (name, records, found, mends) => {
    cloud.dns.set(name, records);
    const { code, failed, steps } = await doctor([name]);
    expect({ code, failed, found: steps.dns?.found }).toEqual({ code: 18, failed: 'dns', found });
    expect(steps.dns?.remedy ?? []).toEqual(mends.map((start) => expect.stringMatching(`^${start}`)));
    expect(steps.clock?.status).toBe('SKIPPED');
  });

  it('a name that DNS does not answer for', async () => {
    cloud.faults.dns('lost.shop.example', 'SERVFAIL');
    const { code, steps } = await doctor(['lost.shop.example']);
    expect({ code, found: steps.dns?.found }).toEqual({
      code: 18,
      found: 'DNS gives no answer about lost.shop.example',
    });
  });
});

describe('the doctor warns of', () => {
  it.each(warnings.map((each) => [each.name, each] as const))('%s', async (_, each) => {
    await each.make?.();
    const args = typeof each.args === 'function' ? await each.args() : each.args;
    const { code, steps } = await doctor(args, each.env?.() ?? cloud.env);
    const { status, found, remedy, evidence } = steps[each.step] ?? {};
    expect({ code, status, found, remedy }).toEqual({
      code: 0,
      status: 'WARNING',
      found: typeof each.found === 'string' ? each.found : expect.stringMatching(each.found),
      remedy: each.mends,
    });
    if (each.evidence !== undefined) expect(evidence).toContain(each.evidence);
  });

  it('a user that may come with a group', async () => {
    const { code, steps } = await doctor([real], as(newcomer));
    // Who is in none of them is found out by the login.
    expect({ code, user: steps.user }).toMatchObject({
      code: 24,
      user: {
        status: 'WARNING',
        found: 'there is no user newcomer@demo-shop.iam; who is in team@example.com gets one with the first login',
      },
    });
  });
});

describe('a wrong command line of cloudsql doctor', () => {
  it.each([
    [[], "missing required argument 'instance'"],
    [['p:r'], '"p:r" is not an instance connection name'],
    [['p:r:i', '--timeout', '0'], 'It is a number of seconds, up to 3600.'],
    [['p:r:i', '--auth-type', 'password'], 'A password login needs'],
  ])('%j is refused', async (args, message) => {
    const { code, stderr } = await cli(['doctor', ...args]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
  });

  it('has help with the exit codes', async () => {
    const { stdout } = await cli(['doctor', '--help']);
    for (const [step, { exitCode }] of Object.entries(steps)) expect(stdout).toContain(`\n  ${exitCode}  ${step}\n`);
  });

  it('has a page with every step and its exit code, in order', () => {
    const page = readFileSync(new URL('../../docs/doctor.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| (\d+) \| `([a-z-]+)` \|/gm)].map(([, code, step]) => [step, Number(code)]);
    expect(rows).toEqual(Object.entries(steps).map(([step, { exitCode }]) => [step, exitCode]));
  });
});
