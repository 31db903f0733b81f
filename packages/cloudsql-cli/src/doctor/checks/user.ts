import type { Engine } from '@x/cloudsql-core';
import { shellQuote } from '../../cli/shell-quote.ts';
import { type Examination, withinTime } from '../examination.ts';
import { clusterFlags, createUser, projectFlag } from '../gcloud.ts';
import type { Finding } from '../steps.ts';

/** A database user as the APIs list it: Cloud SQL has `type`, AlloyDB `userType`. */
interface ListedUser {
  readonly name?: string;
  readonly type?: string;
  readonly userType?: string;
}

/** Looks who logs in, and whether the instance has such a user. */
export async function checkUser(examination: Examination): Promise<Finding> {
  const { connector, target, instance, iam, facts } = examination;
  if (engineOf(facts?.databaseVersion) === 'SQLSERVER') {
    return { status: 'SKIPPED', found: 'SQL Server knows its users by itself, and has no IAM logins' };
  }
  const { user = await connector.databaseUser({ engine: engineOf(facts?.databaseVersion), instance: instance.id }) } =
    target.connection;
  examination.user = user;
  const users = await listUsers(examination);
  if (!Array.isArray(users))
    return { status: 'SKIPPED', found: `whether the user ${user} exists, the login will tell`, ...users };
  const found = users.find(({ name }) => nameOf(name) === user);
  const evidence = `the list of users of the instance has ${users.length}`;
  if (found) return checkType(examination, found, evidence);
  const stranger = await somebodyElse(examination);
  if (stranger) return { ...stranger, evidence };
  const groups = users.filter((each) => typeOf(each).includes('GROUP'));
  if (iam && groups.length > 0) {
    const names = groups.map(({ name }) => name).join(', ');
    return {
      status: 'WARNING',
      found: `there is no user ${user}; who is in ${names} gets one with the first login`,
      evidence,
      remedy: [createUser(examination)],
    };
  }
  const create = iam
    ? createUser(examination)
    : `gcloud ${instance.service === 'alloydb' ? 'alloydb' : 'sql'} users create ${shellQuote(user)} ${where(examination)}`;
  return { status: 'FAILED', found: `there is no database user ${user}`, evidence, remedy: [create] };
}

/** The engine in the API's name of a version. */
export function engineOf(version = ''): Engine {
  return (['MYSQL', 'SQLSERVER'] as const).find((engine) => version.startsWith(engine)) ?? 'POSTGRES';
}

/** With IAM, users are who the credentials stand for, whoever is named. */
async function somebodyElse(examination: Examination): Promise<Finding | undefined> {
  const { connector, target, instance, iam, facts, user = '' } = examination;
  if (!iam || target.connection.user === undefined) return undefined;
  const about = { engine: engineOf(facts?.databaseVersion), instance: instance.id, signal: withinTime(examination) };
  // Not all credentials tell whom they stand for.
  const own = await connector.databaseUser(about).catch(() => user);
  if (own === user) return undefined;
  return {
    status: 'FAILED',
    found: `the credentials log in as ${own}, and not as ${user}`,
    advice: `Leave --user out, or use the credentials of ${user}.`,
  };
}

async function checkType(examination: Examination, found: ListedUser, evidence: string): Promise<Finding> {
  const { iam, user = '', instance } = examination;
  examination.userSeen = true;
  const isBuiltIn = typeOf(found).endsWith('BUILT_IN');
  if (isBuiltIn !== iam) {
    const stranger = await somebodyElse(examination);
    return stranger ?? { status: 'OK', found: `${user} exists`, evidence: `${evidence}, ${user} among them` };
  }
  if (!iam) {
    return {
      status: 'FAILED',
      found: `${user} is an IAM user, which has no password`,
      evidence,
      advice: 'Leave the password out to log in with IAM.',
    };
  }
  const service = instance.service === 'alloydb' ? 'alloydb' : 'sql';
  return {
    status: 'FAILED',
    found: `${user} is a built-in user, which IAM does not log in`,
    evidence,
    remedy: [`gcloud ${service} users delete ${shellQuote(user)} ${where(examination)}`, createUser(examination)],
  };
}

async function listUsers(examination: Examination): Promise<readonly ListedUser[] | Pick<Finding, 'evidence'>> {
  const { adminApi } = await import('@x/cloudsql-core/diagnostics');
  const { connector, instance } = examination;
  const ofCluster = instance.service === 'alloydb';
  try {
    const call = { instance: instance.id, path: '/users', ofCluster, signal: withinTime(examination) };
    const answer = await adminApi(connector, call);
    return ((ofCluster ? answer.users : answer.items) ?? []) as readonly ListedUser[];
  } catch (error) {
    // To list users takes more than to log in.
    return { evidence: (error as Error).message };
  }
}

/** AlloyDB gives the name of the resource, whose last part the user is. */
function nameOf(name = ''): string {
  return decodeURIComponent(name.slice(name.lastIndexOf('/') + 1));
}

/** What is not told is built in. */
function typeOf({ type, userType }: ListedUser): string {
  return type ?? userType ?? 'BUILT_IN';
}

function where(examination: Examination): string {
  const { instance } = examination;
  return instance.service === 'alloydb'
    ? clusterFlags(examination)
    : `--instance=${instance.name} ${projectFlag(examination)}`;
}
