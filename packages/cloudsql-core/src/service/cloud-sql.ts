import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { type AccessToken, cloudSqlScopes } from '../credentials/credentials.ts';
import { type CloudSqlErrorCode, cloudSqlError } from '../errors.ts';
import type { Instance } from '../instance/instance.ts';
import type { IpType } from '../options/connection-options.ts';
import { Answer, refuseExpired, usable } from './api-answer.ts';
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
  identity: ({ project, name }, { serverName }, { domain = serverName }) => ({
    commonName: `${project}:${name}`,
    serverName: domain,
  }),
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

interface Metadata
  extends Pick<ConnectionInfo, 'addresses' | 'serverName' | 'databaseVersion' | 'wantsClientProtocol'> {
  readonly serverCa: string;
}

/** Reads `connectSettings`: https://cloud.google.com/sql/docs/postgres/admin-api/rest/v1beta4/connect */
async function fetchMetadata(request: FetchRequest, { token }: AccessToken): Promise<Metadata> {
  const { instance } = request;
  const settings = new Answer(await request.api.call({ ...callOf(request, '/connectSettings'), method: 'GET', token }));
  const region = settings.text('region');
  if (!region) throw failure(request, 'CLOUDSQL_BAD_API_ANSWER', 'The API sent no usable region');
  if (region !== instance.region) {
    throw failure(request, 'CLOUDSQL_REGION_MISMATCH', `The instance is in ${region}, not in ${instance.region}`);
  }
  const kind = settings.text('backendType');
  if (kind && kind !== 'SECOND_GEN') {
    throw failure(request, 'CLOUDSQL_UNSUPPORTED_INSTANCE', `The instance is of the kind ${kind}`);
  }
  const serverCa = settings.object('serverCaCert').text('cert');
  usable(instance, 'server CA', () => new X509Certificate(serverCa));
  const [first] = settings.objects('dnsNames');
  return {
    serverCa,
    addresses: addressesOf(settings),
    serverName: (first?.text('name') || settings.text('dnsName')).replace(/\.$/, '') || undefined,
    databaseVersion: settings.text('databaseVersion'),
    wantsClientProtocol: settings.texts('mdxProtocolSupport').includes('CLIENT_PROTOCOL_TYPE'),
  };
}

function addressesOf(settings: Answer): Map<IpType, string> {
  const addresses = new Map<IpType, string>();
  for (const entry of settings.objects('ipAddresses')) {
    const address = entry.text('ipAddress');
    if (address && entry.text('type') === 'PRIMARY') addresses.set('PUBLIC', address);
    if (address && entry.text('type') === 'PRIVATE') addresses.set('PRIVATE', address);
  }
  const psc = settings
    .objects('dnsNames')
    .find(
      (entry) =>
        entry.text('name') &&
        entry.text('connectionType') === 'PRIVATE_SERVICE_CONNECT' &&
        entry.text('dnsScope') === 'INSTANCE',
    );
  const pscName = settings.flag('pscEnabled') ? psc?.text('name') || settings.text('dnsName') : '';
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
  const sent = await request.api.call({
    ...callOf(request, ':generateEphemeralCert'),
    method: 'POST',
    token: api.token,
    body: { public_key: publicKey, ...(login ? { access_token: login.token } : {}) },
  });
  const answer = new Answer(sent);
  const pem = answer.object('ephemeralCert').text('cert');
  const certificate = usable(request.instance, 'ephemeral certificate', () => new X509Certificate(pem));
  // The server refuses a certificate whose login token has expired.
  const expiresAt = Math.min(Date.parse(certificate.validTo), login?.expiresAt ?? Number.POSITIVE_INFINITY);
  refuseExpired(request.instance, expiresAt);
  return { pem, expiresAt };
}

/** Asks which instance has one of the DNS names that Cloud SQL gives. */
export async function instanceOfDnsName(
  plane: Pick<FetchRequest, 'api' | 'endpoint' | 'credentials' | 'signal'>,
  name: string,
  region: string,
): Promise<string> {
  const { api, endpoint, signal } = plane;
  const { token } = await plane.credentials.apiToken();
  const path = `/sql/v1beta4/locations/${region}/dns/${name}.:resolveConnectSettings`;
  const call = { url: endpoint.replace(/\/$/, '') + path, instance: name, signal, token, method: 'GET' } as const;
  return new Answer(await api.call(call)).text('connectionName');
}

function callOf(
  { instance, endpoint, signal }: FetchRequest,
  path: string,
): Pick<ApiCall, 'url' | 'instance' | 'signal'> {
  return { url: cloudSqlUrl(endpoint, instance, path), instance: instance.id, signal };
}

/** The URL of an instance in the Admin API, or of what is below it. */
export function cloudSqlUrl(endpoint: string, { project, region, name }: Instance, path: string): string {
  // Such projects are the emulator's alone. It makes their instances on first use, and the path does not say where.
  const query = project.startsWith('demo-') ? `?region=${region}` : '';
  const base = endpoint.replace(/\/$/, '');
  return `${base}/sql/v1beta4/projects/${encodeURIComponent(project)}/instances/${name}${path}${query}`;
}

function failure({ instance }: FetchRequest, code: CloudSqlErrorCode, what: string): Error {
  return cloudSqlError(code, what, { instance: instance.id });
}
