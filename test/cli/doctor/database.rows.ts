import { primary } from '../../alloydb-cloud.ts';
import { app, appUser, instance, native } from '../../cloud.ts';
import { type Case, cluster, grant } from './case.ts';
import { as, cloud, newcomer, visitor } from './doctor-cloud.ts';

/** What the doctor finds in the database: the user, and the login. */
export const databaseCases: readonly Case[] = [
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
    name: 'a user whom the credentials do not stand for',
    args: [instance, '--user', 'somebody@example.com'],
    code: 23,
    step: 'user',
    found: `the credentials log in as ${appUser}, and not as somebody@example.com`,
  },
  {
    name: 'an IAM user whom the credentials do not stand for',
    args: [primary, '--user', 'visitor@demo-shop.iam'],
    code: 23,
    step: 'user',
    found: `the credentials log in as ${appUser}, and not as visitor@demo-shop.iam`,
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
