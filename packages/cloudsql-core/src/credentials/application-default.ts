import { readFile, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { ConfigError } from '../errors.ts';
import { jsonObject } from '../http-client.ts';
import { invalidCredentials } from './credential-fields.ts';
import { grantOfJson } from './credential-json.ts';
import type { Grant, GrantCall } from './grant.ts';
import { metadataServerGrant } from './metadata-server.ts';

/** A grant, where it was found, and why there. */
export interface FoundGrant {
  readonly grant: Grant;
  readonly source: string;
  /** Whether what was read there is no longer what is there. */
  readonly changed?: () => Promise<boolean>;
}

const variable = 'GOOGLE_APPLICATION_CREDENTIALS';

/** Application Default Credentials: the file of the variable, else gcloud's, else the metadata server. */
export async function applicationDefault(call: GrantCall, env: NodeJS.ProcessEnv = process.env): Promise<FoundGrant> {
  const named = env[variable]?.trim();
  if (named) return fileGrant(named, `the file ${named}, which ${variable} names`, call);
  const file = gcloudFile(env);
  const version = file && (await versionOf(file));
  const text = file && (await readFile(file, { encoding: 'utf8', signal: call.signal }).catch(ifAbsent(file)));
  if (text !== undefined && file) {
    const source = `the file ${file} of \`gcloud auth application-default login\`, because ${variable} is not set`;
    return {
      grant: parse(text, file, call.universe),
      source,
      changed: async () => (await versionOf(file)) !== version,
    };
  }
  const grant = await metadataServerGrant(call, env);
  return {
    grant,
    source: `the metadata server, because ${variable} is not set and ${file ?? 'gcloud'} does not exist`,
  };
}

/** A credentials file of any kind. @throws ConfigError `CLOUDSQL_NO_CREDENTIALS`, `CLOUDSQL_INVALID_CREDENTIALS` */
export async function fileGrant(file: string, source: string, { universe, signal }: GrantCall): Promise<FoundGrant> {
  // Before the file is read, so that a change meanwhile is seen afterwards.
  const version = await versionOf(file);
  const text = await readFile(file, { encoding: 'utf8', signal }).catch((cause: NodeJS.ErrnoException) => {
    if (signal.aborted) throw signal.reason;
    throw unreadable(file, cause);
  });
  const changed = async (): Promise<boolean> => (await versionOf(file)) !== version;
  return { grant: parse(text, file, universe), source, changed };
}

/** Differs when a file was written, or replaced as secret managers do it: by turning a link. */
async function versionOf(file: string): Promise<string> {
  const { ino, mtimeMs, size } = (await stat(file).catch(() => undefined)) ?? {};
  return [ino, mtimeMs, size].join();
}

function parse(text: string, file: string, universe: string): Grant {
  const where = `The credentials file ${file}`;
  const fields = jsonObject(text);
  if (!fields) throw invalidCredentials({ where }, 'it does not hold a JSON object');
  // Whoever can write the file can do as they please; only JSON out of nowhere is distrusted.
  return grantOfJson({ fields, where, universe, trusted: true });
}

function ifAbsent(file: string): (cause: NodeJS.ErrnoException) => undefined {
  return (cause) => {
    if (cause.name === 'AbortError') throw cause;
    if (cause.code !== 'ENOENT' && cause.code !== 'ENOTDIR') throw unreadable(file, cause);
    return undefined;
  };
}

function unreadable(file: string, cause: NodeJS.ErrnoException): ConfigError {
  return new ConfigError('CLOUDSQL_NO_CREDENTIALS', `The credentials file ${file} cannot be read (${cause.code})`, {
    cause,
    remedy: 'Correct its path, or the permissions of the file.',
  });
}

function gcloudFile(env: NodeJS.ProcessEnv): string | undefined {
  const name = 'application_default_credentials.json';
  if (env.CLOUDSDK_CONFIG) return path.join(env.CLOUDSDK_CONFIG, name);
  if (process.platform === 'win32') return env.APPDATA && path.join(env.APPDATA, 'gcloud', name);
  const home = env.HOME || homeFolder();
  return home && path.join(home, '.config', 'gcloud', name);
}

/** Users without a home exist, in containers; Node throws for them. */
function homeFolder(): string | undefined {
  try {
    return os.homedir();
  } catch {
    return undefined;
  }
}
