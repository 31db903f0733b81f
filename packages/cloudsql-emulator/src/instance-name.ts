/** Google service that an instance is of. */
export type ServiceName = 'cloud-sql' | 'alloydb';

/** A parsed instance name, of Cloud SQL or AlloyDB. */
export interface InstanceName {
  readonly service: ServiceName;
  /** The whole name: `project:region:instance`, or `projects/P/locations/R/clusters/C/instances/I`. */
  readonly connectionName: string;
  /** Project id; contains a colon if it is domain-scoped. */
  readonly project: string;
  readonly region: string;
  /** Last part of the name. */
  readonly id: string;
  /** What client certificates are issued for: the instance, or the cluster that it belongs to. */
  readonly certificateScope: string;
}

const CONNECTION_NAME = /^((?:[a-z0-9.-]+:)?[a-z][a-z0-9-]*):([a-z][a-z0-9-]*):([a-z][a-z0-9-]*)$/;
const RESOURCE_NAME =
  /^(projects\/((?:[a-z0-9.-]+:)?[a-z][a-z0-9-]*)\/locations\/([a-z][a-z0-9-]*)\/clusters\/[a-z][a-z0-9-]*)\/instances\/([a-z][a-z0-9-]*)$/;

/** Parses the name of a Cloud SQL or AlloyDB instance; `undefined` if the text is anything else. */
export function parseInstanceName(text: string): InstanceName | undefined {
  const cloudSql = CONNECTION_NAME.exec(text);
  if (cloudSql) {
    const [, project = '', region = '', id = ''] = cloudSql;
    return { service: 'cloud-sql', connectionName: text, project, region, id, certificateScope: text };
  }
  const alloyDb = RESOURCE_NAME.exec(text);
  if (!alloyDb) return undefined;
  const [, certificateScope = '', project = '', region = '', id = ''] = alloyDb;
  return { service: 'alloydb', connectionName: text, project, region, id, certificateScope };
}

/** Returns the common name of a Cloud SQL instance's server certificate, `project:instance`. */
export function certificateName(name: InstanceName): string {
  return `${name.project}:${name.id}`;
}

/** Returns the service account `app` of a project; a domain-scoped project turns its domain around. */
export function defaultServiceAccount(project: string): string {
  const [first, second] = project.split(':');
  return `app@${second ? `${second}.${first}` : first}.iam.gserviceaccount.com`;
}
