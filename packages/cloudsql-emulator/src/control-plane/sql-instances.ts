import type { MetadataFaults } from '../faults/metadata-faults.ts';
import type { RunningInstance } from '../instance.ts';
import type { ApiRequest, ApiResponse, Route } from './http-types.ts';
import type { SqlApiOptions } from './sql-authorise.ts';
import { admit, authorise, sqlRoute } from './sql-authorise.ts';
import { serverAuthorityResource } from './ssl-cert.ts';

/** Returns the methods of the Cloud SQL Admin API that say which instances there are. */
export function sqlInstanceRoutes(options: SqlApiOptions): readonly Route[] {
  return [
    sqlRoute('getInstance', 'GET', 'projects/([^/]+)/instances/([^/:]+)', (request) => get(options, request)),
    sqlRoute('listInstances', 'GET', 'projects/([^/]+)/instances', (request) => list(options, request)),
  ];
}

async function get(options: SqlApiOptions, request: ApiRequest): Promise<ApiResponse> {
  const { running } = await authorise(options, request, 'cloudsql.instances.get');
  return { status: 200, body: instanceResource(running, options.faults) };
}

function list(options: SqlApiOptions, request: ApiRequest): ApiResponse {
  const [project = ''] = request.segments;
  admit(options, request, 'cloudsql.instances.list', `projects/${project}`);
  const items = options.instances.list('cloud-sql').filter(({ instance }) => instance.name.project === project);
  return {
    status: 200,
    body: {
      kind: 'sql#instancesList',
      ...(items.length > 0 && { items: items.map((item) => instanceResource(item, options.faults)) }),
    },
  };
}

/** An instance as the API describes it, cut down to what the emulator knows. */
function instanceResource({ instance, addresses }: RunningInstance, faults: MetadataFaults): object {
  const { name, database } = instance;
  const lie = faults.descriptionOf(name.connectionName);
  const has = (type: string): boolean => addresses.some((address) => address.type === type);
  return {
    kind: 'sql#instance',
    name: name.id,
    project: name.project,
    region: name.region,
    gceZone: `${name.region}-b`,
    connectionName: name.connectionName,
    state: lie.state ?? 'RUNNABLE',
    backendType: 'SECOND_GEN',
    instanceType: 'CLOUD_SQL_INSTANCE',
    databaseVersion: database.databaseVersion,
    ipAddresses: addresses.filter(({ type }) => type === 'PRIMARY' || type === 'PRIVATE'),
    serverCaCert: serverAuthorityResource(instance),
    settings: {
      kind: 'sql#settings',
      activationPolicy: lie.activationPolicy ?? 'ALWAYS',
      availabilityType: 'ZONAL',
      databaseFlags: [{ name: iamFlag(database.databaseVersion), value: lie.iamAuthentication ?? 'on' }],
      ipConfiguration: {
        ipv4Enabled: has('PRIMARY'),
        serverCaMode: instance.serverCaMode,
        sslMode: lie.sslMode ?? 'TRUSTED_CLIENT_CERTIFICATE_REQUIRED',
        ...(has('PSC') && { pscConfig: { pscEnabled: true } }),
      },
    },
  };
}

function iamFlag(databaseVersion: string): string {
  return databaseVersion.startsWith('MYSQL') ? 'cloudsql_iam_authentication' : 'cloudsql.iam_authentication';
}
