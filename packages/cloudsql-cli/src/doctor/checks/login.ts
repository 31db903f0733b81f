import { shellQuote } from '../../cli/shell-quote.ts';
import type { Examination } from '../examination.ts';
import { clusterFlags, createUser, grantRole, projectFlag } from '../gcloud.ts';
import type { Finding } from '../steps.ts';
import { logInToMysql, mysqlGrant } from './mysql-login.ts';
import { logInToPostgres, postgresGrant } from './postgres-login.ts';
import { engineOf } from './user.ts';

/** Why a database refuses a login. */
export type Refusal = 'NO_DATABASE' | 'NO_PRIVILEGE' | 'BAD_LOGIN';

/** Logs in, as a program would, and looks what the user may do. */
export async function checkLogin(examination: Examination): Promise<Finding> {
  const { target, facts, instance, user = '' } = examination;
  const engine = engineOf(facts?.databaseVersion);
  if (engine === 'SQLSERVER') {
    return {
      status: 'SKIPPED',
      found: `not tried: the doctor does not speak ${facts?.databaseVersion}. Try it with a client`,
      remedy: [`cloudsql connect ${instance.id} --user ${shellQuote(target.connection.user ?? 'USER')}`],
    };
  }
  if (target.connection.authType === 'PASSWORD' && target.connection.password === undefined) {
    return { status: 'SKIPPED', found: `not tried: no password was given for ${user}`, advice: 'Add --password-file.' };
  }
  const outcome = await (engine === 'MYSQL' ? logInToMysql : logInToPostgres)(examination);
  if (!('refusal' in outcome)) return outcome;
  const { refusal, said } = outcome;
  const database = target.database ?? 'postgres';
  return {
    status: 'FAILED',
    evidence: `the database answered ${said}`,
    ...explanations[refusal](examination, database),
  };
}

type Explanation = Pick<Finding, 'found' | 'remedy' | 'advice'>;

/** What the server's refusals mean. */
const explanations: Readonly<Record<Refusal, (examination: Examination, database: string) => Explanation>> = {
  NO_DATABASE(examination, database) {
    const { instance } = examination;
    const create = `gcloud sql databases create ${shellQuote(database)} --instance=${instance.name} ${projectFlag(examination)}`;
    return {
      found: `there is no database ${database}`,
      remedy: [instance.service === 'alloydb' ? `CREATE DATABASE "${database}";` : create],
    };
  },
  NO_PRIVILEGE({ user = '', facts }, database) {
    const grant = engineOf(facts?.databaseVersion) === 'MYSQL' ? mysqlGrant : postgresGrant;
    return {
      found: `${user} may not connect to the database ${database}`,
      remedy: [grant(database, user)],
      advice: 'To be run by the owner of the database.',
    };
  },
  BAD_LOGIN(examination) {
    const { instance, iam, user = '', userSeen } = examination;
    const alloyDb = instance.service === 'alloydb';
    if (!iam) {
      const where = alloyDb ? clusterFlags(examination) : `--instance=${instance.name} ${projectFlag(examination)}`;
      const command = `gcloud ${alloyDb ? 'alloydb' : 'sql'} users set-password ${shellQuote(user)} ${where}`;
      return { found: `the password of ${user} is wrong`, remedy: [`${command} --prompt-for-password`] };
    }
    const grant = grantRole(examination, alloyDb ? 'alloydb.databaseUser' : 'cloudsql.instanceUser');
    return userSeen
      ? { found: `${user} exists, and its principal may not log in`, remedy: [grant] }
      : { found: `${user} does not exist, or its principal may not log in`, remedy: [createUser(examination), grant] };
  },
};
