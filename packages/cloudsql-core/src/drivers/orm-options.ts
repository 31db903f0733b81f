import type { Connector } from '../connector.ts';
import { type ConnectionOptions, connectionOptionNames } from '../options/connection-options.ts';
import type { ConnectorOptions } from '../options/connector-options.ts';
import { connectorFor } from '../shared-connector.ts';

/**
 * Options of an ORM or driver, given as `Native`, with the instance in place of the address: either as options, or as
 * a URL that holds them, in the option that `Native` has for a URL.
 */
export type CloudSqlOptions<Native, Owned extends string, UrlOption extends string> = Omit<
  Native,
  Owned | UrlOption | keyof ConnectionOptions | 'connector'
> & { readonly [Option in Owned]?: never } & (
    | (ConnectionOptions & { readonly [Option in UrlOption]?: never })
    | ({ readonly [Option in UrlOption]: string } & { readonly [Option in keyof ConnectionOptions]?: never })
  ) & {
    /** The connector to use, or options for one. @default the one that the process shares */
    readonly connector?: Connector | ConnectorOptions;
  };

/** The options of a connection, as they stand among those of an ORM. */
export type OrmConnection = ConnectionOptions & {
  readonly database?: string;
  readonly connector?: Connector | ConnectorOptions;
};

/**
 * The same for an ORM's `replication`, given as `Nodes`: an instance for each node, in place of the one for all. What the
 * nodes have in common may stand beside.
 */
export type CloudSqlNodes<Native, Owned extends string, UrlOption extends string, Nodes> = Omit<
  CloudSqlOptions<Native, Owned, UrlOption>,
  'replication' | keyof OrmConnection
> &
  Partial<Omit<OrmConnection, 'instance'>> & { readonly [Option in 'instance' | UrlOption]?: never } & {
    readonly replication: Nodes;
  };

/**
 * Takes the options of a connection out of an ORM's. `urlOption` is what the ORM calls its connection URL,
 * `driverUrlOption` what the driver does; `database` stays in the rest as well, because ORMs read it.
 */
export function connectionOf<Options extends object, UrlOption extends string>(
  options: Options,
  urlOption: UrlOption,
  driverUrlOption: string,
): { connection: OrmConnection; rest: Omit<Options, keyof ConnectionOptions | 'connector' | UrlOption> } {
  const mine: readonly string[] = [...connectionOptionNames, 'connector', 'database', urlOption];
  const entries = Object.entries(options);
  const connection = Object.fromEntries(
    entries
      .filter(([key]) => mine.includes(key))
      .map(([key, value]) => [key === urlOption ? driverUrlOption : key, value]),
  ) as unknown as OrmConnection;
  const rest = Object.fromEntries(entries.filter(([key]) => !mine.includes(key) || key === 'database'));
  return { connection, rest: rest as Omit<Options, keyof ConnectionOptions | 'connector' | UrlOption> };
}

/**
 * The `error` listener for a pool that an adapter made: without one, a lost idle connection ends the process.
 * Reports to the connector's `logger` and to the channel `cloudsql:pool-error`.
 */
export function poolErrorListener(connector?: Connector | ConnectorOptions): (error: Error) => void {
  return (error) => connectorFor(connector).reportPoolError(error);
}
