import type { ConnectionOptions, Connector } from '@x/cloudsql-core';
import { type Listener, listen, SessionLimit } from '@x/cloudsql-core/listener';
import { UsageError } from '../../cli/usage-error.ts';
import type { InstanceConfig, ProxyConfig } from '../config/proxy-config.ts';
import { socketPath } from './socket-path.ts';

/** An engine, as the first part of its version says it. */
export type EngineName = 'POSTGRES' | 'MYSQL' | 'SQLSERVER';

/** An instance that has been looked up. */
export interface KnownInstance {
  readonly config: InstanceConfig;
  readonly engine: EngineName;
}

/** An instance that is served. */
export interface ServedInstance extends KnownInstance {
  readonly listener: Listener;
  /** Its own limit, if it has one. */
  readonly limit: SessionLimit | undefined;
}

const firstPorts: Readonly<Record<EngineName, number>> = { POSTGRES: 5432, MYSQL: 3306, SQLSERVER: 1433 };

/** Counts ports as Google's proxies do: all from the one that was given, or each engine from its own. */
export class Ports {
  readonly #next: Map<string, number> = new Map();
  readonly #first: number | undefined;

  constructor(first: number | undefined) {
    this.#first = first;
  }

  next(engine: EngineName): number {
    const key = this.#first === undefined ? engine : '';
    const port = this.#next.get(key) ?? this.#first ?? firstPorts[engine];
    this.#next.set(key, port + 1);
    return port;
  }
}

/** What all instances of a proxy share. */
export interface Shared {
  readonly config: ProxyConfig;
  readonly connector: Connector;
  readonly ports: Ports;
  readonly limit: SessionLimit | undefined;
  /** What clients on TCP must show, where there is anything. */
  readonly secret: string | undefined;
}

/**
 * Asks which engine an instance runs, which also finds out whether it exists, may be used, and has an address.
 * @throws ConfigError, RefreshError
 */
export async function lookUp(config: InstanceConfig, connector: Connector): Promise<KnownInstance> {
  const target = dialOptions(config);
  await connector.warmup(target);
  const version = await connector.engineVersion(target);
  const engine = (Object.keys(firstPorts) as EngineName[]).find((name) => version.startsWith(name)) ?? 'POSTGRES';
  if (engine === 'SQLSERVER' && config.iam) {
    throw new UsageError(
      `${config.instance.id} runs SQL Server, which knows no IAM login`,
      `Add ?auto-iam-authn=false to its name, and log in with a password.`,
    );
  }
  return { config, engine };
}

/** Opens the local socket of an instance. @throws ConfigError `CLOUDSQL_LISTEN_FAILED` */
export async function serve(known: KnownInstance, shared: Shared): Promise<ServedInstance> {
  const { config } = known;
  const limit = config.maxConnections > 0 ? new SessionLimit(config.maxConnections) : undefined;
  const limits = [limit, shared.limit].filter((each) => each !== undefined);
  const { instance, ipType, iam } = config;
  const listener = await listen({
    instance: instance.id,
    engine: known.engine,
    authType: iam ? 'IAM' : 'PASSWORD',
    ...(ipType === undefined ? {} : { ipType }),
    connector: shared.connector,
    limits,
    ...placeOptions(known, shared),
  });
  return { ...known, listener, limit };
}

/** How an instance is dialled, where nobody logs in. */
export function dialOptions({ instance, ipType, iam }: InstanceConfig): ConnectionOptions {
  return {
    instance: instance.id,
    ...(ipType === undefined ? {} : { ipType }),
    // Who logs in with a password is the client's business, and no dial asks for it.
    ...(iam ? {} : { user: 'client', password: 'of the client' }),
  };
}

type PlaceOptions = Partial<Parameters<typeof listen>[0]>;

function placeOptions({ config, engine }: KnownInstance, { config: { guard }, ports, secret }: Shared): PlaceOptions {
  const { place, instance, iam } = config;
  if (place.kind === 'SOCKET') return { path: place.path, mode: place.mode };
  if (place.kind === 'SOCKET_IN') return { path: socketPath(place.folder, instance, engine), mode: place.mode };
  const port = place.port ?? ports.next(engine);
  const tcp = { host: place.address, port, reach: 'ANY' } as const;
  if (guard === 'SAME_USER') return { ...tcp, auth: 'PEER' };
  // Without IAM the database's own password protects it, and the client could not bring both.
  return secret !== undefined && iam ? { ...tcp, auth: 'SECRET', secret } : { ...tcp, auth: 'NONE' };
}
