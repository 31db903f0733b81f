import { randomUUID } from 'node:crypto';
import { CallLog } from './call-log.ts';
import { ClientFiles } from './client-files.ts';
import { alloyDbAdminRoutes } from './control-plane/alloydb-admin.ts';
import { alloyDbUserRoutes } from './control-plane/alloydb-users.ts';
import { GoogleApisProxy, TLS_NAMES } from './control-plane/googleapis-proxy.ts';
import { iamCredentialsRoutes } from './control-plane/iam-credentials.ts';
import { metadataRoutes } from './control-plane/metadata-server.ts';
import { oauthRoutes } from './control-plane/oauth.ts';
import { selfRoutes } from './control-plane/self.ts';
import { ControlPlane } from './control-plane/server.ts';
import { sqlAdminRoutes } from './control-plane/sql-admin.ts';
import { sqlInstanceRoutes } from './control-plane/sql-instances.ts';
import { sqlUserRoutes } from './control-plane/sql-users.ts';
import { subjectTokenRoutes } from './control-plane/subject-token.ts';
import { DataFolder } from './data-folder/data-folder.ts';
import { PLATFORM } from './data-folder/stored-state.ts';
import { ConnectionLog } from './data-plane/connection-log.ts';
import { DataPlane } from './data-plane/data-plane.ts';
import { Databases } from './database/databases.ts';
import { startDns } from './dns/start-dns.ts';
import { Emulator } from './emulator.ts';
import { ApiFaults } from './faults/api-faults.ts';
import { Faults } from './faults/faults.ts';
import { MetadataFaults } from './faults/metadata-faults.ts';
import { AccessTokens } from './iam/access-tokens.ts';
import type { IdentityServices } from './iam/identity-services.ts';
import { Principals } from './iam/principals.ts';
import { ServiceAccountKeys } from './iam/service-account-keys.ts';
import { Instances } from './instances.ts';
import { allOrFirstError, Lifetime } from './lifetime.ts';
import { openInstance, storedOf } from './open-instance.ts';
import type { EmulatorOptions } from './options.ts';
import { Pki } from './pki/pki.ts';
import type { ResolvedOptions } from './resolve-options.ts';
import { checkOptions, resolveOptions } from './resolve-options.ts';
import type { Settings } from './settings.ts';

import type { Workspace } from './workspace.ts';
import { createWorkspace, removeWorkspace } from './workspace.ts';

/**
 * Starts a local Cloud SQL and AlloyDB: admin APIs, OAuth, metadata server, and for each instance a TLS endpoint in
 * front of a PostgreSQL or MySQL of its own. Everything listens on loopback addresses and lies in one temporary folder, unless
 * options say otherwise.
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
 * `DATABASE_START_FAILED`, `DATABASE_STATEMENT_FAILED`, `DATA_FOLDER_UNUSABLE` or `ADDRESS_UNAVAILABLE`
 */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  // Before anything is made, and again when it is known what the data folder holds.
  const asked = checkOptions(options);
  const lifetime = new Lifetime();
  try {
    const workspace = await createWorkspace();
    lifetime.defer(() => removeWorkspace(workspace));
    const kept = await openDataFolder(asked, workspace, lifetime);
    return await start(resolveOptions(options, kept?.state), { workspace, kept, lifetime });
  } catch (error) {
    // The reason counts, not what else goes wrong on the way out.
    await lifetime.close().catch(() => undefined);
    throw error;
  }
}

async function openDataFolder(
  { dataDir, importFrom, exportOnClose }: EmulatorOptions,
  workspace: Workspace,
  lifetime: Lifetime,
): Promise<DataFolder | undefined> {
  if (dataDir === undefined && importFrom === undefined && exportOnClose === undefined) return undefined;
  const kept = await DataFolder.open(dataDir ?? workspace.data, importFrom);
  lifetime.defer(() => kept.close());
  return kept;
}

interface Foundation {
  readonly workspace: Workspace;
  readonly kept: DataFolder | undefined;
  readonly lifetime: Lifetime;
}

async function start(options: ResolvedOptions, { workspace, kept, lifetime }: Foundation): Promise<Emulator> {
  let hasStarted = false;
  const { exportOnClose } = options;
  // What a failed start leaves is not worth an export.
  lifetime.defer(async () => {
    if (hasStarted && exportOnClose !== undefined) await kept?.copyTo(exportOnClose);
  });
  const log = new ConnectionLog();
  const calls = new CallLog();
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
  const databases = new Databases(workspace.root, kept, options.dataDir !== undefined);
  lifetime.defer(() => databases.stop());
  lifetime.defer(() => dataPlane.stop());

  const makingPki = Pki.create(TLS_NAMES);
  // It is waited for later, or never if something else fails first.
  makingPki.catch(() => undefined);
  const dns = await startDns();
  lifetime.defer(() => dns.close());
  const save = async (): Promise<void> => {
    const { principals, defaultPrincipal } = options;
    const instances = running.list().map(({ instance }) => storedOf(instance));
    await kept?.save({ platform: PLATFORM, principals, defaultPrincipal, instances });
  };
  const running: Instances = new Instances({
    open: async (wanted) => {
      const opened = await openInstance(wanted, { databases, makingPki, dataPlane, onChange: save });
      dns.learn(opened);
      return opened;
    },
    openCluster: async (cluster) => (await makingPki).ofCluster(cluster),
    describe: options.describe,
    onCreated: save,
  });
  const [pki] = await allOrFirstError([makingPki, running.start(options.instances)]);
  lifetime.defer(() => running.close());
  await save();

  const { project } = options;
  const faults = { api: new ApiFaults(), metadata: new MetadataFaults(), zone: dns.zone };
  const certificateLifetimeMs = (): number => settings.certificateLifetimeMs;
  const tokenLifetimeMs = (): number => settings.tokenLifetimeMs;
  const admin = { identity, certificateLifetimeMs, faults: faults.metadata, instances: running };
  const id = randomUUID();
  let emulator: Emulator | undefined;
  const routes = [
    ...selfRoutes({ id, startedAt: new Date(), emulator: () => emulator }),
    ...sqlAdminRoutes(admin),
    ...sqlInstanceRoutes(admin),
    ...sqlUserRoutes(admin),
    ...alloyDbAdminRoutes(admin),
    ...alloyDbUserRoutes(admin),
    ...oauthRoutes({ identity, tokenLifetimeMs }),
    ...iamCredentialsRoutes({ identity, tokenLifetimeMs }),
    ...subjectTokenRoutes(identity.principals),
    ...metadataRoutes({ identity, project, principal: () => settings.metadataPrincipal, tokenLifetimeMs }),
  ];
  faults.api.learn(routes.map(({ name }) => name));
  const { host, port } = options;
  const controlPlane = new ControlPlane({ host, port, calls, faults: faults.api, routes });
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
  hasStarted = true;
  emulator = new Emulator({
    id,
    host: controlPlane.host,
    dns: dns.names,
    project,
    settings,
    calls,
    log,
    files,
    lifetime,
    principals: identity.principals,
    instances: running,
    dataPlane,
    faults: new Faults({ ...faults, dataPlane, pki, instances: running }),
  });
  return emulator;
}
