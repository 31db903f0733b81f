import type { CloudSqlErrorCode } from '@x/cloudsql-core';
import type { Examination } from './examination.ts';
import { explain } from './explain.ts';
import { lacksScope } from './lacks-scope.ts';
import type { Finding, StepName } from './steps.ts';

/** An error, the step that it is about, and what is to be said of it. */
export interface Blame {
  readonly step: StepName;
  readonly finding: Finding;
}

/** Which step each error is about, wherever it turns up. Those that are not named are about the step itself. */
const stepOf: Readonly<Partial<Record<CloudSqlErrorCode, StepName>>> = {
  CLOUDSQL_CLOCK_SKEW: 'clock',
  CLOUDSQL_API_UNREACHABLE: 'api-egress',
  CLOUDSQL_NO_CREDENTIALS: 'credentials',
  CLOUDSQL_INVALID_CREDENTIALS: 'credentials',
  CLOUDSQL_UNTRUSTED_CREDENTIALS: 'credentials',
  CLOUDSQL_UNIVERSE_MISMATCH: 'credentials',
  CLOUDSQL_TOKEN_FAILED: 'credentials',
  CLOUDSQL_TOKEN_REFUSED: 'credentials',
  CLOUDSQL_IMPERSONATION_DENIED: 'credentials',
  CLOUDSQL_API_DISABLED: 'api',
  CLOUDSQL_API_ERROR: 'api',
  CLOUDSQL_BAD_API_ANSWER: 'api',
  CLOUDSQL_PERMISSION_DENIED: 'roles',
  CLOUDSQL_INSTANCE_NOT_FOUND: 'instance',
  CLOUDSQL_REGION_MISMATCH: 'instance',
  CLOUDSQL_UNSUPPORTED_INSTANCE: 'instance',
  CLOUDSQL_NO_ADDRESS: 'addresses',
  CLOUDSQL_DIAL_FAILED: 'egress',
  CLOUDSQL_TLS_FAILED: 'tls',
  CLOUDSQL_SERVER_CLOSED: 'tls',
  CLOUDSQL_SERVER_IDENTITY: 'identity',
  CLOUDSQL_EXCHANGE_REFUSED: 'exchange',
  CLOUDSQL_EXCHANGE_FAILED: 'exchange',
  CLOUDSQL_UNKNOWN_DATABASE_USER: 'user',
};

/** Finds the step that an error is about: the one that met it, or one that comes after it. */
export function blame(error: unknown, met: StepName, examination: Examination): Blame {
  const { code, message, cause } = error as { code?: CloudSqlErrorCode; message: string; cause?: { code?: string } };
  let step = (code && stepOf[code]) ?? met;
  if (code === 'CLOUDSQL_DIAL_FAILED' && cause?.code !== undefined && unresolved.has(cause.code)) step = 'dns';
  if (code === 'CLOUDSQL_DIAL_TIMEOUT' && message.includes('metadata exchange')) step = 'exchange';
  // A token that may not call the API at all is no matter of roles.
  if (code === 'CLOUDSQL_PERMISSION_DENIED' && lacksScope({ message })) step = 'credentials';
  // Acting as somebody else calls an API of its own, which can be disabled as well.
  if (met === 'credentials') step = 'credentials';
  return { step, finding: explain(error, step, examination) };
}

/** How Node says that a name has no address. */
const unresolved = new Set(['ENOTFOUND', 'EAI_AGAIN', 'ENODATA']);
