import { instanceDnsNames } from '../dns/instance-names.ts';
import type { MetadataFaults } from '../faults/metadata-faults.ts';
import type { Caller } from '../iam/credentials.ts';
import { identifyBearer } from '../iam/credentials.ts';
import type { IdentityServices } from '../iam/identity-services.ts';
import { mayLogInToCloudSql } from '../iam/scopes.ts';
import { parsePublicKey } from '../pki/public-key.ts';
import { googleError } from './google-error.ts';
import type { ApiRequest, ApiResponse, Route } from './http-types.ts';
import { parseJsonObject } from './request-body.ts';
import type { SqlApiOptions } from './sql-authorise.ts';
import { admit, authorise, sqlRoute } from './sql-authorise.ts';
import { connectSettingsOf } from './sql-connect-settings.ts';
import { certificateResource } from './ssl-cert.ts';

/** What the methods for connectors work with. */
export interface SqlAdminOptions extends SqlApiOptions {
  readonly certificateLifetimeMs: () => number;
  readonly faults: MetadataFaults;
}

/** Returns the methods of the Cloud SQL Admin API that connectors call. */
export function sqlAdminRoutes(options: SqlAdminOptions): readonly Route[] {
  const instance = 'projects/([^/]+)/instances/([^/]+)';
  return [
    sqlRoute('connectSettings', 'GET', `${instance}/connectSettings`, (request) => connectSettings(options, request)),
    sqlRoute('generateEphemeralCert', 'POST', `${instance}(?::|%3A)generateEphemeralCert`, (request) =>
      generateEphemeralCert(options, request),
    ),
    sqlRoute(
      'resolveConnectSettings',
      'GET',
      'locations/([^/]+)/dns/([^/:]+)(?::|%3A)resolveConnectSettings',
      (request) => resolveConnectSettings(options, request),
    ),
  ];
}

async function connectSettings(options: SqlAdminOptions, request: ApiRequest): Promise<ApiResponse> {
  const { running } = await authorise(options, request, 'cloudsql.instances.get');
  return { status: 200, body: connectSettingsOf(running, options.faults) };
}

/** Says what instance a DNS name is of. That a name that is of none is answered with 404 is inferred. */
function resolveConnectSettings(options: SqlAdminOptions, request: ApiRequest): ApiResponse {
  const [region, dnsName = ''] = request.segments;
  admit(options, request, 'cloudsql.instances.get', `dns/${dnsName}`);
  const wanted = dnsName.toLowerCase().replace(/\.$/, '');
  const running = options.instances.list('cloud-sql').find(
    ({ instance: { name }, addresses }) =>
      name.region === region &&
      Object.values(
        instanceDnsNames(
          name,
          addresses.map(({ type }) => type),
        ),
      ).includes(wanted),
  );
  if (!running) throw googleError(404, 'notFound', `No Cloud SQL instance has the DNS name ${dnsName}.`);
  return { status: 200, body: connectSettingsOf(running, options.faults) };
}

async function generateEphemeralCert(options: SqlAdminOptions, request: ApiRequest): Promise<ApiResponse> {
  const { running } = await authorise(options, request, 'cloudsql.instances.connect');
  const { name, pki } = running.instance;
  const body = parseJsonObject(request.body);
  const publicKey = parsePublicKey(text(body.public_key ?? body.publicKey, 'public_key'));
  if (!publicKey) throw googleError(400, 'invalid', 'Invalid value for: public_key is not a PEM encoded public key.');
  const login = loginOf(options.identity, text(body.access_token ?? body.accessToken ?? '', 'access_token'));
  const lifetime = Date.now() + options.certificateLifetimeMs();
  const expiresAt = login ? Math.min(lifetime, login.expiresAt) : lifetime;
  const issued = pki.certificates.issue(name.connectionName, publicKey, login?.email, expiresAt);
  return { status: 200, body: { ephemeralCert: certificateResource(issued, name.id) } };
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
