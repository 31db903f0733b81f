import { pscDnsName } from '../dns/instance-names.ts';
import type { MetadataFaults } from '../faults/metadata-faults.ts';
import type { Permission } from '../iam/permissions.ts';
import type { RunningInstance } from '../instance.ts';
import type { InstancePki } from '../pki/pki.ts';
import { parsePublicKey } from '../pki/public-key.ts';
import type { AlloyDbApiOptions } from './alloydb-authorise.ts';
import { authorise, clusterRoute } from './alloydb-authorise.ts';
import { googleError, rpcError } from './google-error.ts';
import type { ApiRequest, ApiResponse, Route } from './http-types.ts';
import { parseJsonObject } from './request-body.ts';

/** What the methods for connectors work with. */
export interface AlloyDbAdminOptions extends AlloyDbApiOptions {
  readonly certificateLifetimeMs: () => number;
  readonly faults: MetadataFaults;
}

const HOUR_MS = 3_600_000;

/** Returns the methods of the AlloyDB API that connectors call, and those that say which instances there are. */
export function alloyDbAdminRoutes(options: AlloyDbAdminOptions): readonly Route[] {
  return [
    clusterRoute('connectionInfo', 'GET', '/instances/([^/]+)/connectionInfo', (request) =>
      connectionInfo(options, request),
    ),
    clusterRoute('generateClientCertificate', 'POST', '(?::|%3A)generateClientCertificate', (request) =>
      generateClientCertificate(options, request),
    ),
    clusterRoute('getInstance', 'GET', '/instances/([^/]+)', (request) => getInstance(options, request)),
    clusterRoute('listInstances', 'GET', '/instances', (request) => listInstances(options, request)),
  ];
}

async function connectionInfo(options: AlloyDbAdminOptions, request: ApiRequest): Promise<ApiResponse> {
  const { instance, addresses } = await instanceOf(options, request, 'alloydb.instances.connect');
  const { region, connectionName } = instance.name;
  const told = options.faults.apply(connectionName, { region, ipAddresses: addresses, serverCaCert: {} }).ipAddresses;
  const find = (type: string): string | undefined => told.find((address) => address.type === type)?.ipAddress;
  return {
    status: 200,
    body: {
      name: `${instance.name.connectionName}/connectionInfo`,
      ipAddress: find('PRIVATE'),
      publicIpAddress: find('PRIMARY'),
      pscDnsName: find('PSC') && `${pscDnsName(instance.name)}.`,
    },
  };
}

async function generateClientCertificate(options: AlloyDbAdminOptions, request: ApiRequest): Promise<ApiResponse> {
  const cluster = authorise(options, request, 'alloydb.clusters.generateClientCertificate');
  const pki = await options.instances.clusterPki(cluster);
  if (!pki) throw rpcError(404, `Resource '${cluster}' was not found`);
  const body = parseJsonObject(request.body);
  const publicKey = parsePublicKey(text(body.publicKey ?? body.public_key ?? '', 'public_key'));
  if (!publicKey) throw rpcError(400, 'Invalid value for: public_key is not a PEM encoded public key.');
  const duration = text(body.certDuration ?? body.cert_duration ?? '3600s', 'cert_duration');
  if (!/^\d+(?:\.\d+)?s$/.test(duration)) throw rpcError(400, `Invalid value at 'cert_duration': "${duration}"`);
  // As documented, from one hour to 24; and a hint only, which yields to a life that the emulator was set to.
  const wishedMs = Math.min(Math.max(Number.parseFloat(duration) * 1000, HOUR_MS), 24 * HOUR_MS);
  const lifeMs = options.certificateLifetimeMs();
  const { pem } = pki.certificates.issue(
    cluster,
    publicKey,
    undefined,
    Date.now() + (lifeMs === HOUR_MS ? wishedMs : lifeMs),
    (body.useMetadataExchange ?? body.use_metadata_exchange) === true,
  );
  return {
    status: 200,
    body: {
      pemCertificateChain: [pem, ...pki.certificates.chain].map(closed),
      caCert: serverRootsOf(pki, options.instances.inCluster(cluster)),
    },
  };
}

async function getInstance(options: AlloyDbAdminOptions, request: ApiRequest): Promise<ApiResponse> {
  return { status: 200, body: resource(await instanceOf(options, request, 'alloydb.instances.get'), options.faults) };
}

/** Ends a certificate with a line break: a connector of Google's puts one behind the other as they come. */
function closed(pem: string): string {
  return `${pem}\n`;
}

/** Where clusters share an address, the server there is vouched for by the authority of one of them. */
function serverRootsOf({ serverAuthority }: InstancePki, running: readonly RunningInstance[]): string {
  const hosts = running.flatMap(({ instance }) =>
    instance.sharesWith ? [instance.sharesWith.pki.serverAuthority.pem] : [],
  );
  return [...new Set([serverAuthority.pem, ...hosts])].map(closed).join('');
}

function listInstances(options: AlloyDbAdminOptions, request: ApiRequest): ApiResponse {
  const cluster = authorise(options, request, 'alloydb.instances.list');
  return {
    status: 200,
    body: { instances: options.instances.inCluster(cluster).map((each) => resource(each, options.faults)) },
  };
}

/** Returns an instance as the API describes it, cut down to what the emulator knows. */
function resource({ instance, addresses }: RunningInstance, faults: MetadataFaults): object {
  const lie = faults.descriptionOf(instance.name.connectionName);
  const find = (type: string): string | undefined => addresses.find((address) => address.type === type)?.ipAddress;
  return {
    name: instance.name.connectionName,
    state: lie.state ?? 'READY',
    instanceType: 'PRIMARY',
    databaseFlags: { 'alloydb.iam_authentication': lie.iamAuthentication ?? 'on' },
    // The proxy on the other port insists on TLS; this is about the database's own.
    clientConnectionConfig: { sslConfig: { sslMode: lie.sslMode ?? 'ENCRYPTED_ONLY' } },
    ipAddress: find('PRIVATE'),
    publicIpAddress: find('PRIMARY'),
  };
}

async function instanceOf(
  options: AlloyDbAdminOptions,
  request: ApiRequest,
  permission: Permission,
): Promise<RunningInstance> {
  const name = `${authorise(options, request, permission)}/instances/${request.segments[3]}`;
  const found = await options.instances.findAlloyDb(name);
  if (found) return found;
  throw rpcError(404, `Resource '${name}' was not found`);
}

function text(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  throw googleError(400, 'invalid', `Invalid value for: ${name} must be a string.`);
}
