import type { Connector, CredentialsExplanation, Engine } from '@x/cloudsql-core';
import { Failure } from '../cli/failure.ts';

/** A token that an IAM database user logs in with, and what is known of it. */
export interface CheckedToken {
  readonly token: string;
  /** The database user that it is good for; undefined where the credentials have no e-mail address. */
  readonly user: string | undefined;
  readonly principal: string | undefined;
  readonly expiresAt: Date | undefined;
  readonly scopes: readonly string[];
  /** Whether Google was asked: it cannot be about federated principals, and in other universes. */
  readonly checked: boolean;
  readonly credentials: CredentialsExplanation;
}

const platformScope = 'https://www.googleapis.com/auth/cloud-platform';

/** What the tokens are for. */
export interface TokenTarget {
  /** An AlloyDB instance asks for another scope than Cloud SQL. */
  readonly instance: string | undefined;
  readonly engine: Engine;
}

/**
 * Gets a login token and looks at it: a token that cannot log in is an error here, and not at the database.
 * @throws Failure, ConfigError, RefreshError
 */
export async function checkedToken(connector: Connector, { instance, engine }: TokenTarget): Promise<CheckedToken> {
  const { inspectLoginToken, resolveInstance } = await import('@x/cloudsql-core/diagnostics');
  const where = instance === undefined ? {} : { instance };
  const inspected = await inspectLoginToken(connector, where);
  const [credentials, user] = await Promise.all([
    connector.explainCredentials(where),
    connector.databaseUser({ engine, ...where }).catch((error: { readonly code?: string }) => {
      if (error.code === 'CLOUDSQL_UNKNOWN_DATABASE_USER') return undefined;
      throw error;
    }),
  ]);
  const { token, expiresAt, checked } = inspected;
  const scopes = inspected.scopes ?? credentials.loginScopes ?? [];
  const named = instance === undefined ? undefined : await resolveInstance(connector, { instance, signal: never });
  const wanted = loginScopes[named?.service ?? 'cloud-sql'];
  if (checked && !scopes.includes(wanted) && !scopes.includes(platformScope)) {
    throw new Failure(
      `The token has not the scope ${wanted}; it has ${scopes.join(', ') || 'none'}`,
      credentials.note ?? 'Get the credentials anew with that scope.',
    );
  }
  if (expiresAt !== undefined && expiresAt <= Date.now()) {
    throw new Failure(
      `The token expired at ${new Date(expiresAt).toISOString()}`,
      'Set the clock of this machine, or get the credentials anew.',
    );
  }
  return {
    token,
    user,
    principal: inspected.principal ?? credentials.principal,
    expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt),
    scopes,
    checked,
    credentials,
  };
}

const loginScopes = {
  'cloud-sql': 'https://www.googleapis.com/auth/sqlservice.login',
  alloydb: 'https://www.googleapis.com/auth/alloydb.login',
} as const;

/** What the connector's own limits end. */
const never = new AbortController().signal;
