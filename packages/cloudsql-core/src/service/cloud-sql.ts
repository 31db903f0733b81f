import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { type AccessToken, cloudSqlScopes } from '../credentials/credentials.ts';
import { type CloudSqlErrorCode, cloudSqlError } from '../errors.ts';
import type { IpType } from '../options/connection-options.ts';
import { refuseExpired, usable } from './api-answer.ts';
import type { ApiCall } from './api-client.ts';
import type { ConnectionInfo } from './connection-info.ts';
import type { FetchRequest, Service } from './service.ts';

/** Cloud SQL. */
export const cloudSql: Service = {
  name: 'cloud-sql',
  apiName: 'sqladmin',
  endpointOption: 'sqlAdmin',
  scopes: cloudSqlScopes,
  port: 3307,
  defaultIpTypes: ['PUBLIC'],
  identityInCertificate: true,
  fetch: fetchCloudSql,
  identity: ({ project, name }, { serverName }) => ({ commonName: `${project}:${name}`, serverName }),
};

/** Fetches metadata and an ephemeral certificate, in parallel, and makes one thing of the two. */
async function fetchCloudSql(request: FetchRequest): Promise<ConnectionInfo> {
  const apiToken = request.credentials.apiToken();
  const [metadata, certificate, keys] = await Promise.all([
    apiToken.then((token) => fetchMetadata(request, token)),
    fetchCertificate(request, apiToken),
    request.keyPair,
  ]);
  const secureContext = usable(request.instance, 'certificate or key', () =>
    createSecureContext({
      ca: metadata.serverCa,
      cert: certificate.pem,
      key: keys.privateKey,
      minVersion: 'TLSv1.3',
      // Google may hand out an intermediate without its root.
      allowPartialTrustChain: true,
    }),
  );
  return { ...metadata, secureContext, expiresAt: certificate.expiresAt };
}

interface Metadata extends Pick<ConnectionInfo, 'addresses' | 'serverName' | 'databaseVersion'> {
  readonly serverCa: string;
}

/** `connectSettings`, as far as it is used: https://cloud.google.com/sql/docs/postgres/admin-api/rest/v1beta4/connect */
interface ConnectSettings {
  region?: string;
  backendType?: string;
  databaseVersion?: string;
  ipAddresses?: { type?: string; ipAddress?: string }[];
  serverCaCert?: { cert?: string };
  dnsName?: string;
  dnsNames?: { name?: string; connectionType?: string; dnsScope?: string }[];
  pscEnabled?: boolean;
}

async function fetchMetadata(request: FetchRequest, { token }: AccessToken): Promise<Metadata> {
  const { instance } = request;
  const settings: ConnectSettings = await request.api.call({
    ...callOf(request, '/connectSettings'),
    method: 'GET',
    token,
  });
  if (settings.region !== instance.region) {
    throw failure(
      request,
      'CLOUDSQL_REGION_MISMATCH',
      `The instance is in ${settings.region}, not in ${instance.region}`,
    );
  }
  if (settings.backendType && settings.backendType !== 'SECOND_GEN') {
    throw failure(request, 'CLOUDSQL_UNSUPPORTED_INSTANCE', `The instance is of the kind ${settings.backendType}`);
  }
  const serverCa = settings.serverCaCert?.cert ?? '';
  usable(request.instance, 'server CA', () => new X509Certificate(serverCa));
  return {
    serverCa,
    addresses: addressesOf(settings),
    serverName: (settings.dnsNames?.[0]?.name || settings.dnsName)?.replace(/\.$/, '') || undefined,
    databaseVersion: settings.databaseVersion ?? '',
  };
}

function addressesOf({ ipAddresses = [], dnsNames = [], dnsName, pscEnabled }: ConnectSettings): Map<IpType, string> {
  const addresses = new Map<IpType, string>();
  for (const { type, ipAddress } of ipAddresses) {
    if (type === 'PRIMARY' && ipAddress) addresses.set('PUBLIC', ipAddress);
    if (type === 'PRIVATE' && ipAddress) addresses.set('PRIVATE', ipAddress);
  }
  const psc = dnsNames.find(
    (e) => e.name && e.connectionType === 'PRIVATE_SERVICE_CONNECT' && e.dnsScope === 'INSTANCE',
  );
  const pscName = pscEnabled ? psc?.name || dnsName : undefined;
  if (pscName) addresses.set('PSC', pscName.replace(/\.$/, ''));
  return addresses;
}

async function fetchCertificate(
  request: FetchRequest,
  apiToken: Promise<AccessToken>,
): Promise<{ pem: string; expiresAt: number }> {
  const [api, login, { publicKey }] = await Promise.all([
    apiToken,
    request.iam ? request.credentials.loginToken() : undefined,
    request.keyPair,
  ]);
  const answer = await request.api.call({
    ...callOf(request, ':generateEphemeralCert'),
    method: 'POST',
    token: api.token,
    body: { public_key: publicKey, ...(login ? { access_token: login.token } : {}) },
  });
  const pem = (answer.ephemeralCert as { cert?: string } | undefined)?.cert ?? '';
  const certificate = usable(request.instance, 'ephemeral certificate', () => new X509Certificate(pem));
  // The server refuses a certificate whose login token has expired.
  const expiresAt = Math.min(Date.parse(certificate.validTo), login?.expiresAt ?? Number.POSITIVE_INFINITY);
  refuseExpired(request.instance, expiresAt);
  return { pem, expiresAt };
}

function callOf(
  { instance, endpoint, signal }: FetchRequest,
  path: string,
): Pick<ApiCall, 'url' | 'instance' | 'signal'> {
  const base = endpoint.replace(/\/$/, '');
  const name = `projects/${encodeURIComponent(instance.project)}/instances/${instance.name}`;
  // Such projects are the emulator's alone. It makes their instances on first use, and the path does not say where.
  const query = instance.project.startsWith('demo-') ? `?region=${instance.region}` : '';
  const url = `${base}/sql/v1beta4/${name}${path}${query}`;
  return { url, instance: instance.id, signal };
}

function failure({ instance }: FetchRequest, code: CloudSqlErrorCode, what: string): Error {
  return cloudSqlError(code, what, { instance: instance.id });
}
