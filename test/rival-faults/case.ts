import type { ConnectionOptions, DriverOptions, SocketConnectionOptions } from '@x/cloudsql-core/google';
import type { ApiFault, ConnectionFault, DnsRecords, EmulatorStatistics, ServerFault } from '@x/cloudsql-emulator';
import type pg from 'pg';

/** The surface of Google's connector, as far as the cases use it. */
export interface RivalConnector {
  getOptions(options: ConnectionOptions): Promise<DriverOptions>;
  startLocalProxy(options: SocketConnectionOptions): Promise<unknown>;
  close(): unknown;
}

/** The emulator, which lives in the process of the test. */
export interface RemoteCloud {
  api(method: string, fault: ApiFault): Promise<void>;
  connections(fault: ConnectionFault): Promise<void>;
  server(fault: ServerFault): Promise<void>;
  clear(): Promise<void>;
  calls(): Promise<EmulatorStatistics['calls']>;
  /** Gives the name of the bench records in DNS. */
  records(records: DnsRecords): Promise<void>;
  /** Look-ups of TXT records so far. */
  lookups(): Promise<number>;
  /** Open connections to an instance. */
  open(instance: string): Promise<number>;
  /** The address of an instance. */
  address(instance: string): Promise<string>;
}

/** What a case works with. */
export interface Bench {
  readonly cloud: RemoteCloud;
  readonly connector: RivalConnector;
  /** Names the instance; to be spread over the options of `getOptions`. */
  readonly name: { readonly instanceConnectionName: string };
  /** A DNS name, which leads to the instance; to be spread over the options of `getOptions`. */
  readonly domain: { readonly domainName: string };
  /** The instance, and another one with the same users. */
  readonly instance: string;
  readonly otherInstance: string;
  /** Logs in over a socket of the connector: as the user with a password, unless told otherwise. */
  login(options: Pick<DriverOptions, 'stream'>, config?: pg.ClientConfig): Promise<pg.Client>;
  /** Makes timers and intervals that are set from now on run twenty times as fast. */
  hurry(): void;
  /** A path for a Unix socket of PostgreSQL, in a folder that exists and is removed in the end. */
  readonly socketPath: string;
  /** The IAM user of the default credentials. */
  readonly iamUser: string;
}

/**
 * One fault of Google's connector. The case must end in order on ours, and fail on Google's, with an output that
 * `rival` matches: so that it fails for its own reason. A process that has to be killed puts out `HUNG`.
 */
export interface RivalCase {
  /** Number in the study of that connector, and what goes wrong. */
  readonly fault: string;
  readonly rival: RegExp;
  /** Variables of the process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Life of certificates. @default an hour */
  readonly certificateLifetimeMs?: number;
  /** Life of access tokens. @default an hour */
  readonly tokenLifetimeMs?: number;
  /** Whether the process has to end by itself when the case has. @default false */
  readonly endsByItself?: boolean;
  readonly run: (bench: Bench) => Promise<void>;
}

/** A rate of refreshes that Google's connector takes as an option, and that makes its faults show soon. */
export const often: ConnectionOptions = { limitRateInterval: 400 };
