import type { IamRole } from '../options.ts';

/** What Google checks before it does something. */
export type Permission =
  | 'alloydb.clusters.generateClientCertificate'
  | 'alloydb.instances.connect'
  | 'alloydb.instances.get'
  | 'alloydb.instances.list'
  | 'alloydb.users.create'
  | 'alloydb.users.delete'
  | 'alloydb.users.get'
  | 'alloydb.users.list'
  | 'alloydb.users.login'
  | 'cloudsql.instances.connect'
  | 'cloudsql.instances.get'
  | 'cloudsql.instances.list'
  | 'cloudsql.instances.login'
  | 'cloudsql.users.create'
  | 'cloudsql.users.delete'
  | 'cloudsql.users.list'
  | 'serviceusage.services.use';

const CLOUD_SQL_VIEWER: readonly Permission[] = [
  'cloudsql.instances.get',
  'cloudsql.instances.list',
  'cloudsql.users.list',
];
const ALLOYDB_VIEWER: readonly Permission[] = [
  'alloydb.instances.get',
  'alloydb.instances.list',
  'alloydb.users.get',
  'alloydb.users.list',
];

/**
 * The permissions in each predefined role, as far as something here asks for them. Sources:
 * https://cloud.google.com/sql/docs/postgres/iam-roles, https://cloud.google.com/alloydb/docs/reference/iam-roles-permissions
 */
const GRANTED: Readonly<Record<IamRole, readonly Permission[]>> = {
  'cloudsql.admin': [
    ...CLOUD_SQL_VIEWER,
    'cloudsql.instances.connect',
    'cloudsql.instances.login',
    'cloudsql.users.create',
    'cloudsql.users.delete',
  ],
  'cloudsql.editor': [...CLOUD_SQL_VIEWER, 'cloudsql.instances.connect'],
  'cloudsql.viewer': CLOUD_SQL_VIEWER,
  'cloudsql.client': ['cloudsql.instances.connect', 'cloudsql.instances.get'],
  'cloudsql.instanceUser': ['cloudsql.instances.get', 'cloudsql.instances.login'],
  'alloydb.admin': [
    ...ALLOYDB_VIEWER,
    'alloydb.clusters.generateClientCertificate',
    'alloydb.instances.connect',
    'alloydb.users.create',
    'alloydb.users.delete',
    'alloydb.users.login',
  ],
  'alloydb.viewer': ALLOYDB_VIEWER,
  'alloydb.client': [
    'alloydb.clusters.generateClientCertificate',
    'alloydb.instances.connect',
    'alloydb.instances.get',
    'alloydb.instances.list',
  ],
  'alloydb.databaseUser': ['alloydb.users.login'],
  'serviceusage.serviceUsageConsumer': ['serviceusage.services.use'],
};

/** Every role that the emulator knows. */
export const ROLES: readonly IamRole[] = Object.keys(GRANTED) as readonly IamRole[];

/** Tells whether a role holds a permission. */
export function grants(role: IamRole, permission: Permission): boolean {
  return GRANTED[role].includes(permission);
}
