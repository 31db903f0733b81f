import type { PeerCertificate, TLSSocket } from 'node:tls';
import type { Connector, CredentialsExplanation } from '@x/cloudsql-core';
import type { Instance, InstanceFacts } from '@x/cloudsql-core/diagnostics';
import type { CliContext } from '../cli/context.ts';
import type { Target } from '../login/login-flags.ts';

/** What is examined, and what earlier steps have learnt about it. */
export interface Examination {
  readonly connector: Connector;
  readonly target: Target;
  readonly instance: Instance;
  readonly env: CliContext['env'];
  /** How long one wait may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Whether the login is one of IAM. */
  readonly iam: boolean;
  /** Which API is called, for people. */
  readonly apiHost: string;
  /** The service account that is to be acted as. */
  readonly impersonated: string | undefined;
  /** Why the API could not be reached. */
  unreachable?: Error;
  credentials?: CredentialsExplanation;
  /** What came of the first question to the API. */
  asked?: Promise<void>;
  facts?: InstanceFacts;
  /** The connection that several steps look at. */
  opened?: Promise<TLSSocket>;
  /** What the server has shown. */
  certificate?: PeerCertificate;
  /** The database user, once it is known. */
  user?: string;
  /** Whether the database user was seen in the list of users. */
  userSeen?: boolean;
}

/** A signal for one wait. */
export function withinTime({ timeoutMs }: Examination): AbortSignal {
  return AbortSignal.timeout(timeoutMs);
}
