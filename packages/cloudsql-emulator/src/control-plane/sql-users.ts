import { randomUUID } from 'node:crypto';
import type { DatabaseUser, DatabaseUserKind } from '../database-user.ts';
import { messageOf } from '../errors.ts';
import type { Instance } from '../instance.ts';
import { addUser, removeUser } from '../instance-users.ts';
import { invalid } from '../option-checks.ts';
import type { UserOptions } from '../options.ts';
import { googleError } from './google-error.ts';
import type { ApiRequest, ApiResponse, Route } from './http-types.ts';
import { HttpError } from './http-types.ts';
import { parseJsonObject } from './request-body.ts';
import type { SqlApiOptions } from './sql-authorise.ts';
import { admit, authorise, sqlRoute } from './sql-authorise.ts';

const TYPES: Readonly<Record<DatabaseUserKind, string>> = {
  BUILT_IN: 'BUILT_IN',
  USER: 'CLOUD_IAM_USER',
  SERVICE_ACCOUNT: 'CLOUD_IAM_SERVICE_ACCOUNT',
  GROUP: 'CLOUD_IAM_GROUP',
};
const USERS = 'projects/([^/]+)/instances/([^/]+)/users';
const MAX_OPERATIONS = 1000;

/** Returns the methods of the Cloud SQL Admin API for database users, and for asking whether they are done. */
export function sqlUserRoutes(options: SqlApiOptions): readonly Route[] {
  const operations = new Map<string, object>();
  const remember = (operation: Operation): ApiResponse => {
    operations.set(operation.name, operation);
    for (const name of [...operations.keys()].slice(0, -MAX_OPERATIONS)) operations.delete(name);
    return { status: 200, body: operation };
  };
  return [
    sqlRoute('listUsers', 'GET', USERS, (request) => list(options, request)),
    sqlRoute('insertUser', 'POST', USERS, async (request) => remember(await insert(options, request))),
    sqlRoute('deleteUser', 'DELETE', USERS, async (request) => remember(await remove(options, request))),
    sqlRoute('getOperation', 'GET', 'projects/([^/]+)/operations/([^/]+)', (request) => {
      admit(options, request, 'cloudsql.instances.get', `operations/${request.segments[1]}`);
      const operation = operations.get(request.segments[1] ?? '');
      if (!operation) throw googleError(404, 'operationDoesNotExist', 'The Cloud SQL operation does not exist.');
      return { status: 200, body: operation };
    }),
  ];
}

async function list(options: SqlApiOptions, request: ApiRequest): Promise<ApiResponse> {
  const { instance } = (await authorise(options, request, 'cloudsql.users.list')).running;
  const items = instance.users.list().map((user) => userResource(user, instance));
  return { status: 200, body: { kind: 'sql#usersList', ...(items.length > 0 && { items }) } };
}

async function insert(options: SqlApiOptions, request: ApiRequest): Promise<Operation> {
  const { caller, running } = await authorise(options, request, 'cloudsql.users.create');
  const { name, password, type = 'BUILT_IN', databaseRoles } = parseJsonObject(request.body);
  await refusing('invalid', () => {
    if (!Object.values(TYPES).includes(String(type)))
      invalid('type', `must be one of ${Object.values(TYPES).join(', ')}`, type);
    const roles = databaseRoles === undefined ? {} : { databaseRoles };
    // What is not a text, a list or an e-mail is found out there.
    const user = { ...identityOf(String(type), name, password), ...roles } as UserOptions;
    return addUser(running.instance, user);
  });
  return operation('CREATE_USER', running.instance, caller.email);
}

async function remove(options: SqlApiOptions, request: ApiRequest): Promise<Operation> {
  const { caller, running } = await authorise(options, request, 'cloudsql.users.delete');
  const name = request.url.searchParams.get('name') ?? '';
  const found = running.instance.users.find(name);
  if (!found) throw googleError(404, 'userDoesNotExist', `The user ${name} does not exist.`);
  await refusing('invalid', () => removeUser(running.instance, found));
  return operation('DELETE_USER', running.instance, caller.email);
}

/** A service account may be given by the name of its database user. */
function identityOf(type: string, name: unknown, password: unknown): object {
  if (type === 'BUILT_IN') return { name, password };
  if (type === 'CLOUD_IAM_GROUP') return { group: name };
  return { email: typeof name === 'string' && name.endsWith('.iam') ? `${name}.gserviceaccount.com` : name };
}

function userResource(user: DatabaseUser, { name }: Instance): object {
  return {
    kind: 'sql#user',
    name: user.name,
    host: '',
    instance: name.id,
    project: name.project,
    type: TYPES[user.kind],
    ...(user.databaseRoles.length > 0 && { databaseRoles: user.databaseRoles }),
  };
}

interface Operation {
  readonly name: string;
}

/** Google takes some seconds; here all is done when the answer comes. */
function operation(operationType: string, { name }: Instance, user: string): Operation {
  const time = new Date().toISOString();
  return {
    name: randomUUID(),
    ...{ kind: 'sql#operation', status: 'DONE', operationType, user },
    ...{ targetProject: name.project, targetId: name.id, insertTime: time, startTime: time, endTime: time },
  };
}

async function refusing(reason: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    throw error instanceof HttpError ? error : googleError(400, reason, `Invalid request: ${messageOf(error)}`);
  }
}
