import type { DatabaseUser } from '../database-user.ts';
import { messageOf } from '../errors.ts';
import type { Permission } from '../iam/permissions.ts';
import type { Instance } from '../instance.ts';
import { addUser, removeUser } from '../instance-users.ts';
import type { UserOptions } from '../options.ts';
import type { AlloyDbApiOptions } from './alloydb-authorise.ts';
import { authorise, clusterRoute } from './alloydb-authorise.ts';
import { rpcError } from './google-error.ts';
import type { ApiRequest, ApiResponse, Route } from './http-types.ts';
import { parseJsonObject } from './request-body.ts';

const TYPES = ['ALLOYDB_BUILT_IN', 'ALLOYDB_IAM_USER'] as const;

/** Returns the methods of the AlloyDB API for database users, which are those of all instances in a cluster. */
export function alloyDbUserRoutes(options: AlloyDbApiOptions): readonly Route[] {
  const one = '/users/([^/]+)';
  return [
    clusterRoute('listUsers', 'GET', '/users', (request) => list(options, request)),
    clusterRoute('getUser', 'GET', one, (request) => get(options, request)),
    clusterRoute('insertUser', 'POST', '/users', (request) => create(options, request)),
    clusterRoute('deleteUser', 'DELETE', one, (request) => remove(options, request)),
  ];
}

interface Cluster {
  readonly name: string;
  /** Instances share their users, so any of them can be asked. */
  readonly instances: readonly [Instance, ...Instance[]];
}

function list(options: AlloyDbApiOptions, request: ApiRequest): ApiResponse {
  const cluster = clusterOf(options, request, 'alloydb.users.list');
  const users = cluster.instances[0].users.list().map((user) => resource(cluster, user));
  return { status: 200, body: users.length > 0 ? { users } : {} };
}

function get(options: AlloyDbApiOptions, request: ApiRequest): ApiResponse {
  const cluster = clusterOf(options, request, 'alloydb.users.get');
  return { status: 200, body: resource(cluster, userOf(cluster, request)) };
}

async function create(options: AlloyDbApiOptions, request: ApiRequest): Promise<ApiResponse> {
  const cluster = clusterOf(options, request, 'alloydb.users.create');
  const name = request.url.searchParams.get('userId') ?? '';
  const { password, databaseRoles, userType = TYPES[0] } = parseJsonObject(request.body);
  if (!TYPES.some((type) => type === userType)) {
    throw rpcError(400, `Invalid value at 'user.user_type': must be one of ${TYPES.join(', ')}.`);
  }
  if (cluster.instances[0].users.find(name))
    throw rpcError(409, `Resource '${cluster.name}/users/${name}' already exists`);
  const email = name.endsWith('.iam') ? `${name}.gserviceaccount.com` : name;
  // What is not a text, a list or an e-mail is found out there.
  const user = {
    ...(userType === TYPES[1] ? { email } : { name, password }),
    ...(databaseRoles ? { databaseRoles } : {}),
  };
  for (const instance of cluster.instances) await refusing(() => addUser(instance, user as UserOptions));
  return {
    status: 200,
    body: resource(cluster, userOf(cluster, { ...request, segments: [...request.segments, name] })),
  };
}

async function remove(options: AlloyDbApiOptions, request: ApiRequest): Promise<ApiResponse> {
  const cluster = clusterOf(options, request, 'alloydb.users.delete');
  const user = userOf(cluster, request);
  for (const instance of cluster.instances) await refusing(() => removeUser(instance, user));
  return { status: 200, body: {} };
}

function clusterOf(options: AlloyDbApiOptions, request: ApiRequest, permission: Permission): Cluster {
  const name = authorise(options, request, permission);
  const [first, ...others] = options.instances.inCluster(name).map(({ instance }) => instance);
  if (!first) throw rpcError(404, `Resource '${name}' was not found`);
  return { name, instances: [first, ...others] };
}

function userOf({ name, instances }: Cluster, { segments }: ApiRequest): DatabaseUser {
  const user = instances[0].users.find(segments[3] ?? '');
  if (user) return user;
  throw rpcError(404, `Resource '${name}/users/${segments[3]}' was not found`);
}

function resource({ name }: Cluster, user: DatabaseUser): object {
  return {
    name: `${name}/users/${user.name}`,
    databaseRoles: user.databaseRoles,
    userType: TYPES[user.kind === 'BUILT_IN' ? 0 : 1],
  };
}

async function refusing(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    throw rpcError(400, `Invalid request: ${messageOf(error)}`);
  }
}
