// A program that logs in once with the credentials of its environment, and prints what came of it as one line of JSON.
// A process of its own, because variables such as NODE_EXTRA_CA_CERTS are read when Node starts.

import { inspect } from 'node:util';
import { Connector, type ConnectorOptions } from '@x/cloudsql-core';
import { pgOptions } from '@x/cloudsql-core/pg';
import pg from 'pg';

/** What the program is asked to do; its only argument, as JSON. */
export interface LogInRequest {
  readonly instance: string;
  readonly connector?: ConnectorOptions;
  /** Credentials of a GoogleAuth of this package, a version of google-auth-library. */
  readonly authLibrary?: string;
}

/** What it prints. */
export interface LogInResult {
  /** What `select current_user` answered. */
  readonly user?: string;
  readonly explanation?: Awaited<ReturnType<Connector['explainCredentials']>>;
  readonly error?: { readonly code: string; readonly message: string; readonly shown: string };
}

async function logIn({ instance, connector: options, authLibrary }: LogInRequest): Promise<LogInResult> {
  const connector = new Connector({ ...options, ...(authLibrary ? await clientOf(authLibrary) : {}) });
  try {
    const client = new pg.Client(pgOptions({ instance, database: 'orders', connector }));
    await client.connect();
    try {
      const { rows } = await client.query<{ name: string }>('select current_user as name');
      return { user: rows[0]!.name, explanation: await connector.explainCredentials() };
    } finally {
      await client.end();
    }
  } finally {
    await connector.close();
  }
}

async function clientOf(name: string): Promise<ConnectorOptions> {
  const { GoogleAuth } = (await import(name)) as typeof import('google-auth-library');
  const scopes = ['https://www.googleapis.com/auth/cloud-platform', 'https://www.googleapis.com/auth/userinfo.email'];
  return { credentials: new GoogleAuth({ scopes, projectId: 'shop' }) };
}

if (process.argv[1] === import.meta.filename) {
  const result = await logIn(JSON.parse(process.argv[2]!) as LogInRequest).catch((error: Error & { code: string }) => ({
    error: { code: error.code, message: error.message, shown: `${error.stack} ${inspect(error, { depth: 9 })}` },
  }));
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
