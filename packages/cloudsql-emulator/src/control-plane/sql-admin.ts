import { instanceDnsNames, pscDnsName } from '../dns/instance-names.ts';
import type { MetadataFaults } from '../faults/metadata-faults.ts';
import type { Caller } from '../iam/credentials.ts';
import { identifyBearer } from '../iam/credentials.ts';
import type { IdentityServices } from '../iam/identity-services.ts';
import { mayCallAdminApi, mayLogInToCloudSql } from '../iam/scopes.ts';
import type { RunningInstance } from '../instance.ts';
import type { Instances } from '../instances.ts';
import { parsePublicKey } from '../pki/public-key.ts';
import { authenticate } from './authenticate.ts';
import { googleError } from './google-error.ts';
import type { ApiRequest, ApiResponse, Route } from './http-types.ts';
import { parseJsonObject } from './request-body.ts';
import { authorityResource, certificateResource } from './ssl-cert.ts';

/** What the admin API works with. */
export interface SqlAdminOptions {
  readonly identity: IdentityServices;
  readonly certificateLifetimeMs: () => number;
  readonly faults: MetadataFaults;
  readonly instances: Instances;
}

const HOSTS = ['sqladmin.googleapis.com', 'www.googleapis.com'];
const PREFIX = '^(?:/sql)?/(?:v1beta4|v1)/projects/([^/]+)/instances/';

/** Returns the methods of the Cloud SQL Admin API that connectors call. */
export function sqlAdminRoutes(options: SqlAdminOptions): readonly Route[] {
  return [
    {
      name: 'connectSettings',
      methods: ['GET'],
      hosts: HOSTS,
      path: new RegExp(`${PREFIX}([^/]+)/connectSettings$`),
      handle: (request) => connectSettings(options, request),
    },
    {
      name: 'generateEphemeralCert',
      methods: ['POST'],
      hosts: HOSTS,
      path: new RegExp(`${PREFIX}([^/]+)(?::|%3A)generateEphemeralCert$`, 'i'),
      handle: (request) => generateEphemeralCert(options, request),
    },
    {
      name: 'resolveConnectSettings',
      methods: ['GET'],
      hosts: HOSTS,
      path: /^(?:\/sql)?\/(?:v1beta4|v1)\/locations\/([^/]+)\/dns\/([^/:]+)(?::|%3A)resolveConnectSettings$/i,
      handle: (request) => resolveConnectSettings(options, request),
    },
  ];
}

async function connectSettings(options: SqlAdminOptions, request: ApiRequest): Promise<ApiResponse> {
  const { running } = await authorise(options, request, 'cloudsql.instances.get');
  return { status: 200, body: settingsOf(options, running) };
}

/** Says what instance a DNS name is of. That a name that is of none is answered with 404 is inferred. */
function resolveConnectSettings(options: SqlAdminOptions, request: ApiRequest): ApiResponse {
  const [region, dnsName = ''] = request.segments;
  admit(options, request, 'cloudsql.instances.get', `dns/${dnsName}`);
  const wanted = dnsName.toLowerCase().replace(/\.$/, '');
  const running = options.instances
    .list('cloud-sql')
    .find(
      ({ instance: { name }, addresses }) =>
        name.region === region && Object.values(instanceDnsNames(name, addresses)).includes(wanted),
    );
  if (!running) throw googleError(404, 'notFound', `No Cloud SQL instance has the DNS name ${dnsName}.`);
  return { status: 200, body: settingsOf(options, running) };
}

function settingsOf(options: SqlAdminOptions, running: RunningInstance): object {
  const { name, database, serverAuthority } = running.instance;
  const told = options.faults.apply(name.connectionName, {
    kind: 'sql#connectSettings',
    serverCaCert: authorityResource(serverAuthority, name.id),
    ipAddresses: running.addresses,
    region: name.region,
    databaseVersion: database.databaseVersion,
    backendType: 'SECOND_GEN',
    serverCaMode: 'GOOGLE_MANAGED_INTERNAL_CA',
    connectionName: name.connectionName,
  });
  const dnsName = `${pscDnsName(name)}.`;
  const pscEnabled = told.ipAddresses.some(({ type }) => type === 'PSC');
  return {
    ...told,
    // The endpoint is told by its name.
    ipAddresses: told.ipAddresses.filter(({ type }) => type !== 'PSC'),
    pscEnabled,
    ...(pscEnabled && {
      dnsName,
      dnsNames: [
        {
          name: dnsName,
          connectionType: 'PRIVATE_SERVICE_CONNECT',
          dnsScope: 'INSTANCE',
          recordManager: 'CLOUD_SQL_AUTOMATION',
        },
      ],
    }),
  };
}

async function generateEphemeralCert(options: SqlAdminOptions, request: ApiRequest): Promise<ApiResponse> {
  const { running } = await authorise(options, request, 'cloudsql.instances.connect');
  const { name, certificates } = running.instance;
  const body = parseJsonObject(request.body);
  const publicKey = parsePublicKey(text(body.public_key ?? body.publicKey, 'public_key'));
  if (!publicKey) throw googleError(400, 'invalid', 'Invalid value for: public_key is not a PEM encoded public key.');
  const login = loginOf(options.identity, text(body.access_token ?? body.accessToken ?? '', 'access_token'));
  const lifetime = Date.now() + options.certificateLifetimeMs();
  const expiresAt = login ? Math.min(lifetime, login.expiresAt) : lifetime;
  const issued = await certificates.issue(name.connectionName, publicKey, login?.email, expiresAt);
  return { status: 200, body: { ephemeralCert: certificateResource(issued, name.id) } };
}

async function authorise(
  options: SqlAdminOptions,
  request: ApiRequest,
  permission: string,
): Promise<{ readonly caller: Caller; readonly running: RunningInstance }> {
  const [project = '', id = ''] = request.segments;
  const caller = admit(options, request, permission, `instances/${id}`);
  // Only clients that know that they speak with an emulator name the region.
  const region = request.url.searchParams.get('region') ?? undefined;
  const running = await options.instances.findCloudSql(project, id, region);
  if (!running) throw googleError(404, 'instanceDoesNotExist', 'The Cloud SQL instance does not exist.');
  return { caller, running };
}

/** Permission comes first: who has none does not learn what exists. */
function admit({ identity }: SqlAdminOptions, request: ApiRequest, permission: string, resource: string): Caller {
  const caller = authenticate(identity, request, mayCallAdminApi);
  if (identity.principals.hasRole(caller.email, 'cloudsql.client')) return caller;
  const message = `boss::NOT_AUTHORIZED: Not authorized to access resource. Possibly missing permission ${permission} on resource ${resource}.`;
  throw googleError(403, 'forbidden', message);
}

function loginOf(identity: IdentityServices, token: string): Caller | undefined {
  if (token === '') return undefined;
  const caller = identifyBearer(token, identity.tokens, identity.keys);
  if (!caller) throw googleError(400, 'invalid', 'Invalid request: the access token is invalid or has expired.');
  if (!mayLogInToCloudSql(caller.scopes)) {
    throw googleError(
      400,
      'invalid',
      'Invalid request: the access token lacks the scope https://www.googleapis.com/auth/sqlservice.login.',
    );
  }
  return caller;
}

function text(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  throw googleError(400, 'invalid', `Invalid value for: ${name} must be a string.`);
}
