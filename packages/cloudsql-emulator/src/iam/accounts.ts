const SERVICE_ACCOUNT_DOMAIN = '.gserviceaccount.com';

/** Tells whether an e-mail belongs to a service account. */
export function isServiceAccount(email: string): boolean {
  return email.endsWith(SERVICE_ACCOUNT_DOMAIN);
}

/** Returns the PostgreSQL user name of a principal: the e-mail, for service accounts without the domain's tail. */
export function databaseUserName(email: string): string {
  return isServiceAccount(email) ? email.slice(0, -SERVICE_ACCOUNT_DOMAIN.length) : email;
}

/** Returns the MySQL user name of a principal: what stands before the `@`. */
export function mysqlUserName(email: string): string {
  return email.split('@', 1)[0]!;
}
