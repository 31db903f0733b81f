/** One row of {@link errorCatalogue}. */
export interface CatalogueEntry {
  readonly kind: 'ConfigError' | 'RefreshError' | 'DialError';
  readonly retryable: boolean;
  readonly summary: string;
  readonly remedy: string;
  /** The remedy for instances of AlloyDB, where it is another. */
  readonly alloyDbRemedy?: string;
}

/**
 * The stable codes of this library's errors. They are documented in `docs/errors.md`. Spelt out, since the declarations
 * would otherwise hold the texts of the table, too.
 */
export type CloudSqlErrorCode =
  | 'CLOUDSQL_INVALID_INSTANCE_NAME'
  | 'CLOUDSQL_MISSING_OPTION'
  | 'CLOUDSQL_INVALID_OPTION'
  | 'CLOUDSQL_UNKNOWN_OPTION'
  | 'CLOUDSQL_OWNED_OPTION'
  | 'CLOUDSQL_CONFLICTING_OPTIONS'
  | 'CLOUDSQL_INVALID_URL'
  | 'CLOUDSQL_ENGINE_MISMATCH'
  | 'CLOUDSQL_REGION_MISMATCH'
  | 'CLOUDSQL_UNSUPPORTED_INSTANCE'
  | 'CLOUDSQL_DNS_NO_INSTANCE'
  | 'CLOUDSQL_DNS_LOOP'
  | 'CLOUDSQL_PROJECT_REFUSED'
  | 'CLOUDSQL_NO_ADDRESS'
  | 'CLOUDSQL_UNKNOWN_DATABASE_USER'
  | 'CLOUDSQL_NO_CREDENTIALS'
  | 'CLOUDSQL_INVALID_CREDENTIALS'
  | 'CLOUDSQL_UNTRUSTED_CREDENTIALS'
  | 'CLOUDSQL_UNIVERSE_MISMATCH'
  | 'CLOUDSQL_UNCHECKED_TLS'
  | 'CLOUDSQL_EMULATOR_REFUSED'
  | 'CLOUDSQL_EMULATOR_REQUIRED'
  | 'CLOUDSQL_LISTEN_FAILED'
  | 'CLOUDSQL_TOO_MANY_SESSIONS'
  | 'CLOUDSQL_CONNECTOR_CLOSED'
  | 'CLOUDSQL_PERMISSION_DENIED'
  | 'CLOUDSQL_API_DISABLED'
  | 'CLOUDSQL_INSTANCE_NOT_FOUND'
  | 'CLOUDSQL_DNS_FAILED'
  | 'CLOUDSQL_API_ERROR'
  | 'CLOUDSQL_API_UNREACHABLE'
  | 'CLOUDSQL_BAD_API_ANSWER'
  | 'CLOUDSQL_TOKEN_FAILED'
  | 'CLOUDSQL_TOKEN_REFUSED'
  | 'CLOUDSQL_IMPERSONATION_DENIED'
  | 'CLOUDSQL_CLOCK_SKEW'
  | 'CLOUDSQL_REFRESH_TIMEOUT'
  | 'CLOUDSQL_DIAL_FAILED'
  | 'CLOUDSQL_DIAL_TIMEOUT'
  | 'CLOUDSQL_DIAL_ABORTED'
  | 'CLOUDSQL_TLS_FAILED'
  | 'CLOUDSQL_SERVER_IDENTITY'
  | 'CLOUDSQL_SERVER_CLOSED'
  | 'CLOUDSQL_EXCHANGE_REFUSED'
  | 'CLOUDSQL_EXCHANGE_FAILED';

/**
 * What can go wrong, in one table: the code is the contract, the summary and the remedy are what `docs/errors.md`
 * shows, and the remedy is also the end of every message.
 */
export const errorCatalogue: Readonly<Record<CloudSqlErrorCode, CatalogueEntry>> = {
  CLOUDSQL_INVALID_INSTANCE_NAME: {
    kind: 'ConfigError',
    retryable: false,
    summary: 'The instance name is not one that can be connected to.',
    remedy:
      'Use the instance connection name, project:region:instance, as `gcloud sql instances describe INSTANCE --format="value(connectionName)"` prints it; for AlloyDB projects/P/locations/R/clusters/C/instances/I.',
  },
  CLOUDSQL_MISSING_OPTION: {
    kind: 'ConfigError',
    retryable: false,
    summary: 'A required option is absent.',
    remedy: 'Set the option that the message names.',
  },
  CLOUDSQL_INVALID_OPTION: {
    kind: 'ConfigError',
    retryable: false,
    summary: 'An option has a value that it cannot have.',
    remedy: 'Use one of the values that the message lists.',
  },
  CLOUDSQL_UNKNOWN_OPTION: {
    kind: 'ConfigError',
    retryable: false,
    summary: 'An option is not one that exists.',
    remedy: 'Correct its spelling or remove it.',
  },
  CLOUDSQL_OWNED_OPTION: {
    kind: 'ConfigError',
    retryable: false,
    summary: 'An option would make the driver dial by itself, past the connector.',
    remedy: 'Remove it: the connector decides the address, the TLS settings and the socket.',
  },
  CLOUDSQL_CONFLICTING_OPTIONS: {
    kind: 'ConfigError',
    retryable: false,
    summary: 'Two options contradict each other.',
    remedy: 'Keep one of the two.',
  },
  CLOUDSQL_INVALID_URL: {
    kind: 'ConfigError',
    retryable: false,
    summary: 'The connection URL cannot be used.',
    remedy:
      'Write postgresql://USER@/DATABASE?instance=project:region:instance (or mysql://), with no host and no port.',
  },
  CLOUDSQL_ENGINE_MISMATCH: {
    kind: 'ConfigError',
    retryable: false,
    summary: 'The driver speaks the protocol of another database engine than the instance runs.',
    remedy: 'Use a driver for the engine of the instance, or name another instance.',
  },
  CLOUDSQL_REGION_MISMATCH: {
    kind: 'ConfigError',
    retryable: false,
    summary: 'The instance is in another region than its name says.',
    remedy: 'Correct the region in the instance connection name.',
  },
  CLOUDSQL_UNSUPPORTED_INSTANCE: {
    kind: 'ConfigError',
    retryable: false,
    summary: 'The instance is of a kind that takes no ephemeral certificates.',
    remedy: 'Use a second generation Cloud SQL instance.',
  },
  CLOUDSQL_DNS_NO_INSTANCE: {
    kind: 'ConfigError',
    retryable: false,
    summary: 'The DNS name does not lead to an instance.',
    remedy: 'Give it a TXT record that holds the instance connection name, project:region:instance.',
  },
  CLOUDSQL_DNS_LOOP: {
    kind: 'ConfigError',
    retryable: false,
    summary: 'The DNS name leads to other names without end.',
    remedy: 'Correct its CNAME records.',
  },
  CLOUDSQL_PROJECT_REFUSED: {
    kind: 'ConfigError',
    retryable: false,
    summary: 'The DNS name leads to an instance of a project that was not allowed.',
    remedy:
      'If that is meant, name the project in the option `allowedProjects`; otherwise find out who changed the name.',
  },
  CLOUDSQL_NO_ADDRESS: {
    kind: 'ConfigError',
    retryable: false,
    summary: 'The instance has no address of the chosen type.',
    remedy: 'Set `ipType` to a type that the instance has, or enable that type on the instance.',
  },
  CLOUDSQL_UNKNOWN_DATABASE_USER: {
    kind: 'ConfigError',
    retryable: false,
    summary: 'The credentials do not say which e-mail address they belong to, so the database user is unknown.',
    remedy: 'Set the option `user` to the IAM database user.',
  },
  CLOUDSQL_NO_CREDENTIALS: {
    kind: 'ConfigError',
    retryable: false,
    summary: 'No Google credentials were found, or they could not be read.',
    remedy:
      'Run `gcloud auth application-default login`, set GOOGLE_APPLICATION_CREDENTIALS, attach a service account, or pass the option `credentials`.',
  },
  CLOUDSQL_INVALID_CREDENTIALS: {
    kind: 'ConfigError',
    retryable: false,
    summary: 'The credentials were found and cannot be used: they are incomplete, damaged or of an unknown type.',
    remedy: 'Make the credentials anew; the message names the field.',
  },
  CLOUDSQL_UNTRUSTED_CREDENTIALS: {
    kind: 'ConfigError',
    retryable: false,
    summary:
      "The credentials would send secrets to a server that is not Google's, or want something that was not allowed.",
    remedy:
      'Do not use credentials that you did not make. The URLs in them must be https URLs of googleapis.com or of the universe.',
  },
  CLOUDSQL_UNIVERSE_MISMATCH: {
    kind: 'ConfigError',
    retryable: false,
    summary: 'The credentials belong to another universe than the connector works in.',
    remedy: 'Set `universeDomain` or GOOGLE_CLOUD_UNIVERSE_DOMAIN to the universe of the credentials.',
  },
  CLOUDSQL_UNCHECKED_TLS: {
    kind: 'ConfigError',
    retryable: false,
    summary: 'NODE_TLS_REJECT_UNAUTHORIZED=0 is set, and a client of google-auth-library would obey it.',
    remedy:
      'Unset it and name your CA in NODE_EXTRA_CA_CERTS, or pass the credentials themselves ({ keyFile }, { json }): their requests are always checked.',
  },
  CLOUDSQL_EMULATOR_REFUSED: {
    kind: 'ConfigError',
    retryable: false,
    summary: 'The emulator variable is set where it must not take effect.',
    remedy:
      "Unset the variable, or let it name a loopback address outside production. Where it is meant, as in tests of a production build, set `connector: { emulator: 'ANY' }`.",
  },
  CLOUDSQL_EMULATOR_REQUIRED: {
    kind: 'ConfigError',
    retryable: false,
    summary: 'A project whose id starts with "demo-" exists only in the emulator.',
    remedy: 'Start the emulator and set CLOUDSQL_EMULATOR_HOST, or name an instance of a real project.',
    alloyDbRemedy: 'Start the emulator and set ALLOYDB_EMULATOR_HOST, or name an instance of a real project.',
  },
  CLOUDSQL_LISTEN_FAILED: {
    kind: 'ConfigError',
    retryable: false,
    summary: 'A local listener could not be opened.',
    remedy: 'Choose another path or port, or end the process that uses this one.',
  },
  CLOUDSQL_TOO_MANY_SESSIONS: {
    kind: 'DialError',
    retryable: true,
    summary: 'A local listener has as many clients as it may have.',
    remedy: 'Close connections, or raise the limit of the listener.',
  },
  CLOUDSQL_CONNECTOR_CLOSED: {
    kind: 'ConfigError',
    retryable: false,
    summary: 'The connector was closed and stays closed.',
    remedy: 'Create a new Connector, or close the old one later.',
  },
  CLOUDSQL_PERMISSION_DENIED: {
    kind: 'RefreshError',
    retryable: false,
    summary: 'The principal may not connect to the instance, or the instance does not exist.',
    remedy: 'Grant the principal the role roles/cloudsql.client on the project, and check the instance name.',
    alloyDbRemedy:
      'Grant the principal the roles roles/alloydb.client and roles/serviceusage.serviceUsageConsumer on the project, and check the instance name.',
  },
  CLOUDSQL_API_DISABLED: {
    kind: 'RefreshError',
    retryable: false,
    summary: 'The admin API of the service is not enabled in the project.',
    remedy: 'Run `gcloud services enable sqladmin.googleapis.com` for the project that the message names.',
    alloyDbRemedy: 'Run `gcloud services enable alloydb.googleapis.com` for the project that the message names.',
  },
  CLOUDSQL_INSTANCE_NOT_FOUND: {
    kind: 'RefreshError',
    retryable: false,
    summary: 'The project has no instance of this name.',
    remedy: 'Check the project and the name with `gcloud sql instances list --project PROJECT`.',
    alloyDbRemedy:
      'Check the name with `gcloud alloydb instances list --cluster CLUSTER --region REGION --project PROJECT`.',
  },
  CLOUDSQL_DNS_FAILED: {
    kind: 'RefreshError',
    retryable: true,
    summary: 'The DNS name could not be looked up.',
    remedy: 'Check that this machine reaches its DNS servers, or pass the option `resolver`.',
  },
  CLOUDSQL_API_ERROR: {
    kind: 'RefreshError',
    retryable: true,
    summary: 'The admin API answered with an error.',
    remedy: 'The answer of the API says why; an error of 500 and above may pass by itself.',
  },
  CLOUDSQL_API_UNREACHABLE: {
    kind: 'RefreshError',
    retryable: true,
    summary: 'The admin API could not be reached.',
    remedy: 'Allow egress to sqladmin.googleapis.com port 443, or set HTTPS_PROXY.',
    alloyDbRemedy: 'Allow egress to alloydb.googleapis.com port 443, or set HTTPS_PROXY.',
  },
  CLOUDSQL_BAD_API_ANSWER: {
    kind: 'RefreshError',
    retryable: true,
    summary: 'The admin API answered with something that cannot be used.',
    remedy: 'Check that no proxy alters the answers; otherwise report it as a bug.',
  },
  CLOUDSQL_TOKEN_FAILED: {
    kind: 'RefreshError',
    retryable: true,
    summary: 'The credentials gave no access token.',
    remedy: 'The cause says why; check the credentials with `gcloud auth application-default print-access-token`.',
  },
  CLOUDSQL_TOKEN_REFUSED: {
    kind: 'RefreshError',
    retryable: false,
    summary: 'The admin API refused the access token, and the one that was fetched in its place.',
    remedy: 'Log in again, or check the clock of this machine: the credentials may have been revoked.',
  },
  CLOUDSQL_IMPERSONATION_DENIED: {
    kind: 'RefreshError',
    retryable: false,
    summary: 'The credentials may not act as the service account, or it does not exist.',
    remedy:
      'Grant roles/iam.serviceAccountTokenCreator on the service account to the principal of the credentials, or to the last delegate; it takes minutes to have effect.',
  },
  CLOUDSQL_CLOCK_SKEW: {
    kind: 'RefreshError',
    retryable: true,
    summary: 'A certificate or token that was just issued is already expired.',
    remedy: 'Set the clock of this machine.',
  },
  CLOUDSQL_REFRESH_TIMEOUT: {
    kind: 'RefreshError',
    retryable: true,
    summary: 'A certificate did not arrive in time.',
    remedy: 'Check the egress to sqladmin.googleapis.com port 443 and the credentials.',
    alloyDbRemedy: 'Check the egress to alloydb.googleapis.com port 443 and the credentials.',
  },
  CLOUDSQL_DIAL_FAILED: {
    kind: 'DialError',
    retryable: true,
    summary: 'No TCP connection to the instance came about.',
    remedy:
      'Check that this machine can reach the address on port 3307: a private address needs the VPC of the instance, a public one needs egress.',
    alloyDbRemedy:
      'Check that this machine can reach the address on port 5433: a private address needs the VPC of the cluster, a public one needs egress.',
  },
  CLOUDSQL_DIAL_TIMEOUT: {
    kind: 'DialError',
    retryable: true,
    summary: 'The connection was not ready in time.',
    remedy:
      'The message says what was being waited for: an address that stays silent is usually the wrong `ipType` or a firewall without port 3307.',
    alloyDbRemedy:
      'The message says what was being waited for: an address that stays silent is usually the wrong `ipType` or a firewall without port 5433.',
  },
  CLOUDSQL_DIAL_ABORTED: {
    kind: 'DialError',
    retryable: true,
    summary: 'The connection was given up by its caller before it was ready.',
    remedy: 'Nothing is to be done unless it was not meant.',
  },
  CLOUDSQL_TLS_FAILED: {
    kind: 'DialError',
    retryable: true,
    summary: 'The TLS handshake with the instance failed.',
    remedy:
      'Retry: a new certificate is fetched. If it persists, check that nothing between here and port 3307 alters TLS.',
    alloyDbRemedy:
      'Retry: a new certificate is fetched. If it persists, check that nothing between here and port 5433 alters TLS.',
  },
  CLOUDSQL_SERVER_IDENTITY: {
    kind: 'DialError',
    retryable: true,
    summary: 'The server that answered cannot prove that it is the instance.',
    remedy: 'Do not bypass this. Check DNS and routing: another server answers at the address of the instance.',
  },
  CLOUDSQL_SERVER_CLOSED: {
    kind: 'DialError',
    retryable: true,
    summary: 'The server closed the connection after the TLS handshake, before it sent anything.',
    remedy:
      'Usually the client certificate was refused (expired, revoked, clock) or the instance is restarting: retry, then look at the log of the instance.',
  },
  CLOUDSQL_EXCHANGE_REFUSED: {
    kind: 'DialError',
    retryable: false,
    summary: 'The AlloyDB server refused the login in the metadata exchange, before the database saw it.',
    remedy:
      'Grant the principal of the login token the roles roles/alloydb.client and roles/serviceusage.serviceUsageConsumer, and roles/alloydb.databaseUser for an IAM login.',
  },
  CLOUDSQL_EXCHANGE_FAILED: {
    kind: 'DialError',
    retryable: true,
    summary: 'The server did not keep to the protocol of the metadata exchange.',
    remedy:
      'Retry. If it persists, check that its address and port lead to the instance itself and that nothing in between alters the connection.',
  },
};
