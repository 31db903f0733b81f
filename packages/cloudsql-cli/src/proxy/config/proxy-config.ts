import type { ConnectorOptions, DnsName, Instance, IpType } from '@x/cloudsql-core';

/** Where one instance is served. */
export type Place =
  /** Without a port, it is counted from the global one or, without that, from the engine's. */
  | { readonly kind: 'TCP'; readonly address: string; readonly port: number | undefined }
  /** A socket in this folder, whose name depends on the engine. */
  | { readonly kind: 'SOCKET_IN'; readonly folder: string; readonly mode: number }
  | { readonly kind: 'SOCKET'; readonly path: string; readonly mode: number };

/** One instance, with all that was said of it and of all. */
export interface InstanceConfig {
  readonly instance: Instance | DnsName;
  readonly ipType: IpType | readonly IpType[] | undefined;
  readonly iam: boolean;
  readonly place: Place;
  /** 0 is any number. */
  readonly maxConnections: number;
}

/** Where other programs ask how the proxy is. */
export interface HttpConfig {
  readonly host: string;
  readonly port: number;
  readonly health: boolean;
  readonly metrics: { readonly namespace: string | undefined } | undefined;
  /** Whether /startup connects to every instance. */
  readonly backendCheck: boolean;
}

/** Where the proxy can be ended and looked into, from this machine. */
export interface AdminConfig {
  readonly port: number;
  readonly quit: boolean;
  readonly debug: boolean;
}

/** How lines are written. */
export interface LogConfig {
  readonly json: boolean;
  readonly level: 'ERROR' | 'INFO' | 'DEBUG';
}

/** What is recorded where OpenTelemetry is configured. */
export interface TelemetryConfig {
  readonly metrics: boolean;
  readonly traces: boolean;
}

/** Everything that a proxy does, without a contradiction. */
export interface ProxyConfig {
  readonly instances: readonly InstanceConfig[];
  readonly connector: ConnectorOptions;
  /** The port from which instances without one of their own are counted. */
  readonly firstPort: number | undefined;
  /** How many connections there may be to all instances together; 0 is any number. */
  readonly maxConnections: number;
  readonly http: HttpConfig | undefined;
  readonly admin: AdminConfig | undefined;
  readonly log: LogConfig;
  readonly telemetry: TelemetryConfig;
  /** What TCP clients must show. */
  readonly guard: { readonly secretFile: string } | 'SAME_USER' | undefined;
  readonly connectionTest: boolean;
  readonly skipFailed: boolean;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  readonly exitZeroOnSigterm: boolean;
  readonly readyFile: string | undefined;
  /** Flags with a secret in them, which other users of the machine can read. */
  readonly exposed: readonly string[];
}
