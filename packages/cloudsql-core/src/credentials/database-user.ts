/** Database engines whose IAM user names are known. */
export type Engine = 'POSTGRES' | 'MYSQL' | 'SQLSERVER';

/**
 * The name of the IAM database user for a principal: PostgreSQL takes the e-mail address, for service accounts without
 * its ending; MySQL what stands before the `@`.
 * Source: https://cloud.google.com/sql/docs/postgres/iam-logins and its MySQL twin.
 */
export function databaseUserName(email: string, engine: Engine): string {
  const name = email.toLowerCase();
  return engine === 'MYSQL' ? name.split('@', 1)[0]! : name.replace(/\.gserviceaccount\.com$/, '');
}
