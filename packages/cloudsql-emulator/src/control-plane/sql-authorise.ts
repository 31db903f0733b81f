import type { MetadataFaults } from '../faults/metadata-faults.ts';
import type { Caller } from '../iam/credentials.ts';
import type { IdentityServices } from '../iam/identity-services.ts';
import type { Permission } from '../iam/permissions.ts';
import { mayCallAdminApi } from '../iam/scopes.ts';
import type { RunningInstance } from '../instance.ts';
import type { Instances } from '../instances.ts';
import { authenticate } from './authenticate.ts';
import { googleError } from './google-error.ts';
import type { ApiRequest, Route } from './http-types.ts';

/** What every method of the Cloud SQL Admin API works with. */
export interface SqlApiOptions {
  readonly identity: IdentityServices;
  readonly instances: Instances;
  readonly faults: MetadataFaults;
}

const HOSTS = ['sqladmin.googleapis.com', 'www.googleapis.com'];
const PREFIX = '^(?:/sql)?/(?:v1beta4|v1)/';

/** Returns a method of the Cloud SQL Admin API; the path is what follows the API's version. */
export function sqlRoute(name: string, method: string, path: string, handle: Route['handle']): Route {
  return { name, methods: [method], hosts: HOSTS, path: new RegExp(`${PREFIX}${path}$`, 'i'), handle };
}

/** Finds the instance that a request is about, for who may do what it asks. @throws HttpError */
export async function authorise(
  options: SqlApiOptions,
  request: ApiRequest,
  permission: Permission,
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
export function admit(
  { identity }: SqlApiOptions,
  request: ApiRequest,
  permission: Permission,
  resource: string,
): Caller {
  const caller = authenticate(identity, request, mayCallAdminApi);
  if (identity.principals.may(caller.email, permission)) return caller;
  const message = `boss::NOT_AUTHORIZED: Not authorized to access resource. Possibly missing permission ${permission} on resource ${resource}.`;
  throw googleError(403, 'forbidden', message);
}
