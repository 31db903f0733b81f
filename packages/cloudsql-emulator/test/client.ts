import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { connect } from 'node:tls';
import pg from 'pg';
import type { Emulator } from '../src/index.ts';

/** Scopes by their short names. */
export const SCOPE = {
  admin: 'https://www.googleapis.com/auth/sqlservice.admin',
  login: 'https://www.googleapis.com/auth/sqlservice.login',
  platform: 'https://www.googleapis.com/auth/cloud-platform',
  other: 'https://www.googleapis.com/auth/devstorage.read_only',
} as const;

/** What a client needs for one dial. */
export interface Access {
  readonly addresses: ReadonlyMap<string, string>;
  readonly serverCa: string;
  readonly cert: string;
  readonly key: string;
}

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
/** The test client's private key. */
export const privateKey: string = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
/** The test client's public key. */
export const publicKey: string = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();

/** Gets an access token for a principal. */
export async function getToken(cloud: Emulator, email: string, scope: string = SCOPE.platform): Promise<string> {
  const response = await fetch(`${cloud.url}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
      subject_token: email,
      scope,
    }),
  });
  const body = (await response.json()) as { access_token?: string };
  if (!body.access_token) throw new Error(JSON.stringify(body));
  return body.access_token;
}

/** URL of an admin API method. */
export function adminUrl(cloud: Emulator, instance: string, method: string): string {
  const [project = '', , id = ''] = instance.split(':');
  const separator = method === 'connectSettings' ? '/' : ':';
  return `${cloud.url}/sql/v1beta4/projects/${encodeURIComponent(project)}/instances/${id}${separator}${method}`;
}

/** Does what a connector does before it dials; `login` puts the principal's identity into the certificate. */
export async function getAccess(
  cloud: Emulator,
  instance: string,
  options: { email: string; login?: string | false; publicKey?: string; field?: string },
): Promise<Access> {
  const headers = { authorization: `Bearer ${await getToken(cloud, options.email)}` };
  const settings = await ok(await fetch(adminUrl(cloud, instance, 'connectSettings'), { headers }));
  const login = options.login ?? options.email;
  const body = {
    [options.field ?? 'public_key']: options.publicKey ?? publicKey,
    ...(login === false ? {} : { access_token: await getToken(cloud, login, SCOPE.login) }),
  };
  const issued = await ok(
    await fetch(adminUrl(cloud, instance, 'generateEphemeralCert'), {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  );
  return {
    addresses: new Map(settings.ipAddresses.map(({ type, ipAddress }) => [type, ipAddress])),
    serverCa: settings.serverCaCert.cert,
    cert: issued.ephemeralCert.cert,
    key: privateKey,
  };
}

interface AdminAnswer {
  readonly ipAddresses: readonly { readonly type: string; readonly ipAddress: string }[];
  readonly serverCaCert: { readonly cert: string };
  readonly ephemeralCert: { readonly cert: string };
}

async function ok(response: Response): Promise<AdminAnswer> {
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as AdminAnswer;
}

/** Starts a dial; the caller waits for `secureConnect`. */
export function dial(access: Access, type = 'PRIMARY', options: ConnectionOptions = {}): TLSSocket {
  const socket = connect({
    host: access.addresses.get(type)!,
    port: 3307,
    ca: access.serverCa,
    cert: access.cert,
    key: access.key,
    minVersion: 'TLSv1.3',
    checkServerIdentity: () => undefined,
    ...options,
  });
  socket.on('error', () => undefined);
  return socket;
}

/** Dials and waits for the handshake. */
export async function dialReady(access: Access, type?: string, options?: ConnectionOptions): Promise<TLSSocket> {
  const socket = dial(access, type, options);
  await once(socket, 'secureConnect');
  return socket;
}

/** A `pg` client on a socket that is already being dialled. */
export function client(socket: TLSSocket, config: pg.ClientConfig): pg.Client {
  // pg dials by itself; the socket already does.
  socket.connect = () => socket;
  return new pg.Client({ stream: () => socket, ...config });
}

/** Logs in, runs one query and leaves. */
export async function query(access: Access, config: pg.ClientConfig, sql: string, type?: string): Promise<unknown[]> {
  const connection = client(dial(access, type), config);
  connection.on('error', () => undefined);
  try {
    await connection.connect();
    return (await connection.query({ text: sql, rowMode: 'array' })).rows.flat();
  } finally {
    await connection.end().catch(() => undefined);
  }
}

/** Waits until a socket has closed and returns the error that came before, if any. */
export async function closing(socket: TLSSocket): Promise<NodeJS.ErrnoException | undefined> {
  let error: NodeJS.ErrnoException | undefined;
  socket.on('error', (reason) => {
    error = reason;
  });
  socket.resume();
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  return error;
}
