import type { IdentityServices } from '../iam/identity-services.ts';
import type { Permission } from '../iam/permissions.ts';
import { mayCallAlloyDbApi } from '../iam/scopes.ts';
import type { Instances } from '../instances.ts';
import { authenticate } from './authenticate.ts';
import { mayNotUseProject, rpcError } from './google-error.ts';
import type { ApiRequest, Route } from './http-types.ts';

/** What every method of the AlloyDB API works with. */
export interface AlloyDbApiOptions {
  readonly identity: IdentityServices;
  readonly instances: Instances;
}

const HOSTS = ['alloydb.googleapis.com'];
const CLUSTER = '^/(?:v1alpha|v1beta|v1)/projects/([^/]+)/locations/([^/]+)/clusters/([^/:]+)';

/** Returns a method of the AlloyDB API; the path is what follows the name of the cluster. */
export function clusterRoute(name: string, method: string, path: string, handle: Route['handle']): Route {
  return { name, methods: [method], hosts: HOSTS, path: new RegExp(`${CLUSTER}${path}$`), handle };
}

/** Checks that the caller may call the API for a project's clusters, and returns the name of the cluster. */
export function authorise({ identity }: AlloyDbApiOptions, request: ApiRequest, permission: Permission): string {
  const { email } = authenticate(identity, request, mayCallAlloyDbApi);
  const [project = '', region = '', id = ''] = request.segments;
  const cluster = `projects/${project}/locations/${region}/clusters/${id}`;
  // Inferred: Google's connectors document that both roles are needed, and this is what its APIs say of either. That the
  // roles are checked in this order, and before it is looked whether the resource exists, is a guess.
  if (!identity.principals.may(email, 'serviceusage.services.use')) throw mayNotUseProject(project);
  if (!identity.principals.may(email, permission)) {
    const message = `Permission '${permission}' denied on resource '//alloydb.googleapis.com/${cluster}' (or it may not exist).`;
    throw rpcError(403, message, 'IAM_PERMISSION_DENIED');
  }
  return cluster;
}
