/** A parsed Cloud SQL connection name. */
export interface InstanceName {
  /** The whole name, `project:region:instance`. */
  readonly connectionName: string;
  /** Project id; contains a colon if it is domain-scoped. */
  readonly project: string;
  readonly region: string;
  /** Last part of the name. */
  readonly id: string;
}

const CONNECTION_NAME = /^((?:[a-z0-9.-]+:)?[a-z][a-z0-9-]*):([a-z][a-z0-9-]*):([a-z][a-z0-9-]*)$/;

/** Parses `project:region:instance`; `undefined` if the text is anything else. */
export function parseInstanceName(text: string): InstanceName | undefined {
  const match = CONNECTION_NAME.exec(text);
  return match ? { connectionName: text, project: match[1]!, region: match[2]!, id: match[3]! } : undefined;
}

/** Returns the common name of an instance's server certificate, `project:instance`. */
export function certificateName(name: InstanceName): string {
  return `${name.project}:${name.id}`;
}

/** Returns the service account `app` of a project; a domain-scoped project turns its domain around. */
export function defaultServiceAccount(project: string): string {
  const [first, second] = project.split(':');
  return `app@${second ? `${second}.${first}` : first}.iam.gserviceaccount.com`;
}
