import type { NetConnectOpts } from 'node:net';
import type { EngineVersion } from './engine-version.ts';
import { EmulatorError } from './errors.ts';
import { checkText, invalid } from './option-checks.ts';

/** Reads `sqlserver://127.0.0.1:1433`, or the path of a Unix socket; undefined for anything else. */
export function parseSqlServerUrl(url: string): NetConnectOpts | undefined {
  if (url.startsWith('/')) return { path: url };
  const [, host, port] = /^sqlserver:\/\/(127(?:\.\d{1,3}){3}|localhost|\[::1\])(?::(\d{1,5}))?$/.exec(url) ?? [];
  return host === undefined ? undefined : { host: host.replace(/[[\]]/g, ''), port: Number(port ?? 1433) };
}

/** Checks where the database of an instance is, and that nothing is to be set up in a server of somebody else's. */
export function checkDatabaseUrl(
  { databaseUrl, databases, users }: { readonly [Key in 'databaseUrl' | 'databases' | 'users']?: unknown },
  where: string,
  engine: EngineVersion,
): string | undefined {
  if (engine.name !== 'SQLSERVER') return checkServerUrl(databaseUrl, `${where}.databaseUrl`, engine);
  for (const [key, value] of Object.entries({ databases, users })) {
    if (value !== undefined) invalid(`${where}.${key}`, 'cannot be made in a SQL Server', value);
  }
  const url = checkText(databaseUrl, `${where}.databaseUrl`);
  return parseSqlServerUrl(url)
    ? url
    : invalid(
        `${where}.databaseUrl`,
        'must be sqlserver://, a loopback address and a port, or the path of a socket',
        url,
      );
}

/** Checks that no folder is to keep a database that the emulator does not start. @throws EmulatorError `INVALID_OPTION` */
export function checkKept(
  instances: readonly { readonly databaseUrl?: string | undefined }[],
  options: { readonly [Key in (typeof FOLDERS)[number]]?: unknown },
): void {
  const index = instances.findIndex(({ databaseUrl }) => databaseUrl !== undefined);
  const folder = FOLDERS.find((key) => options[key] !== undefined);
  if (index < 0 || !folder) return;
  const message = `instances[${index}].databaseUrl: cannot be used with \`${folder}\`. Such a folder holds the databases that the emulator starts; one that runs elsewhere keeps its data itself. Leave one of the two out.`;
  throw new EmulatorError('INVALID_OPTION', message);
}

const FOLDERS = ['dataDir', 'importFrom', 'exportOnClose'] as const;
const SCHEMES = { POSTGRES: ['postgresql:', 'postgres:'], MYSQL: ['mysql:', 'mariadb:'] } as const;

/** The value itself never goes into a message: it holds a password. */
function checkServerUrl(value: unknown, where: string, engine: EngineVersion): string | undefined {
  if (value === undefined) return undefined;
  const schemes: readonly string[] = SCHEMES[engine.name as keyof typeof SCHEMES];
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (url && schemes.includes(url.protocol) && url.username !== '') return url.href;
  return invalid(
    where,
    `must be ${schemes[0]}//user:password@host:port for ${engine.version}`,
    url ? `${url.protocol}//…` : typeof value,
  );
}
