import { CloudSqlError, type CloudSqlErrorCode, toDriverError } from '../errors.ts';
import type { IpType } from '../options/connection-options.ts';

/** The codes of Google's connector, where one of ours means the same. All others keep their own. */
const googleCodes: { readonly [Code in CloudSqlErrorCode]?: string } = {
  CLOUDSQL_MISSING_OPTION: 'ENOCONNECTIONNAME',
  CLOUDSQL_INVALID_INSTANCE_NAME: 'EBADCONNECTIONNAME',
  CLOUDSQL_REGION_MISMATCH: 'EBADSQLADMINREGION',
  CLOUDSQL_BAD_API_ANSWER: 'ENOSQLADMIN',
  CLOUDSQL_TOKEN_FAILED: 'ENOACCESSTOKEN',
  CLOUDSQL_SERVER_IDENTITY: 'EBADSQLADMINVERIFYCERT',
  CLOUDSQL_CONNECTOR_CLOSED: 'ERRCLOSED',
  CLOUDSQL_DNS_FAILED: 'EDOMAINNAMELOOKUPERROR',
  CLOUDSQL_DNS_NO_INSTANCE: 'EDOMAINNAMELOOKUPFAILED',
  CLOUDSQL_DNS_LOOP: 'ECNAMELOOPLIMITEXCEEDED',
};

/**
 * An error as users of Google's connector know it: `code` is Google's where there is one, or Node's where the network
 * failed; `reason` is always ours.
 */
export function googleError(error: unknown, ipType?: IpType): Error {
  const copy = toDriverError(error);
  if (!(error instanceof CloudSqlError)) return copy;
  const code =
    error.code === 'CLOUDSQL_NO_ADDRESS' && ipType ? `ENO${ipType}SQLADMINIPADDRESS` : googleCodes[error.code];
  return code ? Object.assign(copy, { code }) : copy;
}
