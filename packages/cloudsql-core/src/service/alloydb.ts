import { createPublicKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { type AccessToken, alloyDbScopes } from '../credentials/credentials.ts';
import { exchangeMetadata } from '../dial/metadata-exchange.ts';
import type { IpType } from '../options/connection-options.ts';
import { Answer, alloyDbAddresses, refuseExpired, usable } from './api-answer.ts';
import type { ApiCall } from './api-client.ts';
import type { ConnectionInfo } from './connection-info.ts';
import type { FetchRequest, Service } from './service.ts';

/**
 * The version of the API. The two methods have the same paths and fields in v1alpha, v1beta and v1. v1alpha, which
 * Google's own connectors call, promises nothing; v1beta is the most settled one that can be counted on to know a field
 * as soon as connectors need it, and without `useMetadataExchange` a server expects no exchange.
 */
const apiVersion = 'v1beta';

/** AlloyDB for PostgreSQL. */
export const alloyDb: Service = {
  name: 'alloydb',
  apiName: 'alloydb',
  endpointOption: 'alloyDb',
  scopes: alloyDbScopes,
  port: 5433,
  defaultIpTypes: ['PRIVATE'],
  identityInCertificate: false,
  fetch: fetchAlloyDb,
  identity: (_, __, { host }) => ({ address: host }),
  async prelude({ credentials, iam, userAgent }) {
    // For passwords, too: the server asks IAM whether its principal may connect at all.
    const { token } = await credentials.loginToken();
    const request = { userAgent, authType: iam ? 'AUTO_IAM' : 'DB_NATIVE', token } as const;
    return (socket, target, signal) => exchangeMetadata(socket, request, target, signal);
  },
};

async function fetchAlloyDb(request: FetchRequest): Promise<ConnectionInfo> {
  const apiToken = request.credentials.apiToken();
  const [addresses, certificate] = await Promise.all([
    apiToken.then((token) => fetchAddresses(request, token)),
    fetchCertificate(request, apiToken),
  ]);
  // The API does not name the version here, and there is no other engine.
  return { addresses, serverName: undefined, databaseVersion: 'POSTGRES', ...certificate };
}

async function fetchAddresses(request: FetchRequest, { token }: AccessToken): Promise<Map<IpType, string>> {
  const call = callOf(request, `${request.instance.id}/connectionInfo`);
  const answer = new Answer(await request.api.call({ ...call, method: 'GET', token }));
  return alloyDbAddresses(answer.text('ipAddress'), answer.text('publicIpAddress'), answer.text('pscDnsName'));
}

async function fetchCertificate(
  request: FetchRequest,
  apiToken: Promise<AccessToken>,
): Promise<Pick<ConnectionInfo, 'secureContext' | 'expiresAt'>> {
  const { instance } = request;
  const [{ token }, { publicKey, privateKey }] = await Promise.all([apiToken, request.keyPair]);
  const parent = instance.id.slice(0, instance.id.indexOf('/instances/'));
  const sent = await request.api.call({
    ...callOf(request, `${parent}:generateClientCertificate`),
    method: 'POST',
    token,
    body: {
      parent,
      publicKey: pkcs1(publicKey),
      certDuration: `${request.alloyDbCertificateMs / 1000}s`,
      useMetadataExchange: true,
    },
  });
  const answer = new Answer(sent);
  const chain = answer.texts('pemCertificateChain');
  const caCert = answer.text('caCert');
  usable(instance, 'server CA', () => new X509Certificate(caCert));
  // In the order in which TLS sends it: the client's own certificate, then who issued it.
  const [leaf] = usable(instance, 'certificate chain', () => chain.map((pem) => new X509Certificate(pem)));
  const own = usable(instance, 'client certificate', () => {
    if (!leaf) throw new Error('the chain is empty');
    if (!leaf.publicKey.equals(createPublicKey(publicKey))) throw new Error('it is for another key');
    return leaf;
  });
  const expiresAt = Date.parse(own.validTo);
  refuseExpired(instance, expiresAt);
  const secureContext = usable(instance, 'certificate or key', () =>
    createSecureContext({
      ca: caCert,
      cert: chain.map((pem) => pem.trim()).join('\n'),
      key: privateKey,
      minVersion: 'TLSv1.3',
      // Whatever the cluster calls its CA ends the chain, with a root above it or not.
      allowPartialTrustChain: true,
    }),
  );
  return { secureContext, expiresAt };
}

/** RSA keys travel as PKCS #1, as in Google's own connectors; the label PUBLIC KEY (SPKI) is for all others. */
function pkcs1(publicKey: string): string {
  const key = createPublicKey(publicKey);
  return key.asymmetricKeyType === 'rsa' ? key.export({ type: 'pkcs1', format: 'pem' }).toString() : publicKey;
}

function callOf(
  { endpoint, instance, signal }: FetchRequest,
  path: string,
): Pick<ApiCall, 'url' | 'instance' | 'signal'> {
  // A colon belongs to the method, except that of a domain-scoped project.
  const escaped = path.replace(instance.project, encodeURIComponent(instance.project));
  return { url: `${endpoint.replace(/\/$/, '')}/${apiVersion}/${escaped}`, instance: instance.id, signal };
}
