import { ClientFiles } from './client-files.ts';
import { alloyDbAdminRoutes } from './control-plane/alloydb-admin.ts';
import { CAPTURED_NAMES, GoogleApisProxy } from './control-plane/googleapis-proxy.ts';
import { iamCredentialsRoutes } from './control-plane/iam-credentials.ts';
import { metadataRoutes } from './control-plane/metadata-server.ts';
import { oauthRoutes } from './control-plane/oauth.ts';
import { ControlPlane } from './control-plane/server.ts';
import { sqlAdminRoutes } from './control-plane/sql-admin.ts';
import { subjectTokenRoutes } from './control-plane/subject-token.ts';
import { ConnectionLog } from './data-plane/connection-log.ts';
import { DataPlane } from './data-plane/data-plane.ts';
import { startDatabases } from './database/start-databases.ts';
import { UserRegistry } from './database/users.ts';
import { Emulator } from './emulator.ts';
import { ApiFaults } from './faults/api-faults.ts';
import { Faults } from './faults/faults.ts';
import { MetadataFaults } from './faults/metadata-faults.ts';
import { AccessTokens } from './iam/access-tokens.ts';
import type { IdentityServices } from './iam/identity-services.ts';
import { Principals } from './iam/principals.ts';
import { ServiceAccountKeys } from './iam/service-account-keys.ts';
import type { RunningInstance } from './instance.ts';
import type { ServiceName } from './instance-name.ts';
import { allOrFirstError, Lifetime } from './lifetime.ts';
import type { EmulatorOptions } from './options.ts';
import { createPki } from './pki/create-pki.ts';
import type { ResolvedOptions } from './resolve-options.ts';
import { resolveOptions } from './resolve-options.ts';
import type { Settings } from './settings.ts';
import { Statistics } from './statistics.ts';
import { createWorkspace, removeWorkspace } from './workspace.ts';

/**
 * Starts a local Cloud SQL and AlloyDB: admin APIs, OAuth, metadata server, and for each instance a TLS endpoint in
 * front of a PostgreSQL or MySQL of its own. Everything listens on loopback addresses and lies in one temporary folder.
 *
 * Close it, or declare it with `await using`. If the process ends without that, the databases and the folder go, too.
 *
 * @example
 * ```ts
 * await using cloud = await startEmulator({
 *   instances: [{
 *     name: 'demo-shop:europe-west1:orders',
 *     databases: ['orders'],
 *     users: [{ email: 'app@demo-shop.iam.gserviceaccount.com', databaseRoles: ['cloudsqlsuperuser'] }],
 *   }],
 * });
 * ```
 * @throws EmulatorError `INVALID_OPTION`, `UNSUPPORTED_ENGINE`, `UNSUPPORTED_PLATFORM`, `DATABASE_BINARIES_MISSING`,
 * `DATABASE_START_FAILED`, `DATABASE_STATEMENT_FAILED` or `ADDRESS_UNAVAILABLE`
 */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const resolved = resolveOptions(options);
  const lifetime = new Lifetime();
  try {
    return await start(resolved, lifetime);
  } catch (error) {
    // The reason counts, not what else goes wrong on the way out.
    await lifetime.close().catch(() => undefined);
    throw error;
  }
}

async function start(options: ResolvedOptions, lifetime: Lifetime): Promise<Emulator> {
  const workspace = await createWorkspace();
  lifetime.defer(() => removeWorkspace(workspace));
  const log = new ConnectionLog();
  const statistics = new Statistics();
  const settings: Settings = {
    certificateLifetimeMs: options.certificateLifetimeMs,
    tokenLifetimeMs: options.tokenLifetimeMs,
    metadataPrincipal: options.defaultPrincipal,
  };
  const identity: IdentityServices = {
    principals: new Principals(options.principals, options.defaultPrincipal),
    tokens: new AccessTokens(),
    keys: new ServiceAccountKeys(),
  };
  // Undone in reverse: no new connections, then the databases, which tell their clients, then what is left of those.
  const dataPlane = new DataPlane(identity, log);
  lifetime.defer(() => dataPlane.drain());
  const startingDatabases = startDatabases(options.instances, workspace.root, lifetime);
  const [databases, pki] = await allOrFirstError([startingDatabases, createPki(options.instances, CAPTURED_NAMES)]);

  lifetime.defer(() => dataPlane.stop());
  const running: RunningInstance[] = [];
  for (const [index, { name, rules, users, addresses }] of options.instances.entries()) {
    const instance = {
      name,
      rules,
      database: databases[index]!,
      users: new UserRegistry(users),
      ...pki.instances[index]!,
    };
    running.push({ instance, addresses: await dataPlane.open(instance, addresses) });
  }

  const project = options.instances[0]!.name.project;
  const faults = { api: new ApiFaults(), metadata: new MetadataFaults() };
  const certificateLifetimeMs = (): number => settings.certificateLifetimeMs;
  const tokenLifetimeMs = (): number => settings.tokenLifetimeMs;
  const isOf = (service: ServiceName) => (each: RunningInstance) => each.instance.name.service === service;
  const cloudSql = running.filter(isOf('cloud-sql'));
  const routes = [
    ...sqlAdminRoutes({
      identity,
      certificateLifetimeMs,
      faults: faults.metadata,
      findInstance: (wanted, id) =>
        cloudSql.find(({ instance: { name } }) => name.project === wanted && name.id === id),
    }),
    ...alloyDbAdminRoutes({
      identity,
      certificateLifetimeMs,
      faults: faults.metadata,
      instances: running.filter(isOf('alloydb')),
    }),
    ...oauthRoutes({ identity, tokenLifetimeMs }),
    ...iamCredentialsRoutes({ identity, tokenLifetimeMs }),
    ...subjectTokenRoutes(identity.principals),
    ...metadataRoutes({ identity, project, principal: () => settings.metadataPrincipal, tokenLifetimeMs }),
  ];
  faults.api.learn(routes.map(({ name }) => name));
  const controlPlane = new ControlPlane({ port: options.port, statistics, faults: faults.api, routes });
  await controlPlane.listen();
  lifetime.defer(() => controlPlane.close());
  const proxy = new GoogleApisProxy(pki.captured, controlPlane);
  lifetime.defer(() => proxy.close());

  const files = new ClientFiles({
    folder: workspace.clientFiles,
    emptyFolder: workspace.emptyFolder,
    url: `http://${controlPlane.host}`,
    project,
    authorityPem: pki.capturingAuthority.pem,
    principals: identity.principals,
    keys: identity.keys,
  });
  const instances = running.map(({ instance }) => instance);
  return new Emulator({
    host: controlPlane.host,
    project,
    settings,
    statistics,
    log,
    files,
    lifetime,
    principals: identity.principals,
    instances,
    dataPlane,
    faults: new Faults({ ...faults, dataPlane, certificates: pki.cloudSqlClients, instances }),
  });
}
