import type { ClientFiles } from './client-files.ts';
import { isServiceAccount } from './iam/accounts.ts';

/** Variables for another program, to be spread over `process.env`. */
export type Environment = Readonly<Record<string, string>>;

const DIRECT_HOSTS = 'localhost,127.0.0.1';

/** Each kind of client reads one of these, and an inherited value of its own would win over what is more general. */
const CA_VARIABLES = [
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'GRPC_DEFAULT_SSL_ROOTS_FILE_PATH',
];

/**
 * Returns the variables that make unmodified Google clients be a principal. When they are to be captured as well, all
 * their `https` goes through the emulator, and service accounts get a key file instead of an external account.
 */
export function googleEnvironment(
  files: ClientFiles,
  host: string,
  project: string,
  email: string,
  intercept: boolean,
): Environment {
  const hasKey = intercept && isServiceAccount(email.toLowerCase());
  const credentials = {
    GOOGLE_APPLICATION_CREDENTIALS: hasKey
      ? files.serviceAccount(email, { endpoints: 'GOOGLE' })
      : files.externalAccount(email),
    GOOGLE_CLOUD_PROJECT: project,
    CLOUDSDK_CONFIG: files.emptyConfigFolder,
  };
  if (!intercept) return credentials;
  const proxy = `http://${host}`;
  return {
    ...credentials,
    HTTPS_PROXY: proxy,
    https_proxy: proxy,
    // Set, because an inherited value might exempt googleapis.com.
    NO_PROXY: DIRECT_HOSTS,
    no_proxy: DIRECT_HOSTS,
    ...Object.fromEntries(CA_VARIABLES.map((name) => [name, files.caFile])),
  };
}

/** Returns the variables that leave a metadata server as the only source of credentials. */
export function metadataEnvironment(files: ClientFiles, host: string, project: string): Environment {
  return {
    GCE_METADATA_HOST: host,
    GCE_METADATA_IP: host,
    METADATA_SERVER_DETECTION: 'assume-present',
    // Empty, because an inherited file would win over the metadata server.
    GOOGLE_APPLICATION_CREDENTIALS: '',
    GOOGLE_CLOUD_PROJECT: project,
    CLOUDSDK_CONFIG: files.emptyConfigFolder,
  };
}
