import { ConfigError } from '../errors.ts';
import { explainAlloyDbName, looksLikeAlloyDb, readAlloyDbName } from './alloydb-name.ts';

/** The Google service that an instance is of. */
export type ServiceName = 'cloud-sql' | 'alloydb';

/** An instance, parsed from its name once, at the edge. */
export interface Instance {
  readonly service: ServiceName;
  /** Project id, with its domain where it has one (`example.com:project`). */
  readonly project: string;
  readonly region: string;
  /** The cluster that it belongs to; AlloyDB only. */
  readonly cluster?: string;
  readonly name: string;
  /** The whole name: `project:region:instance`, or `projects/P/locations/R/clusters/C/instances/I`. */
  readonly id: string;
}

// Project ids, regions and instance names as Google restricts them; anchored, so that nothing is dropped silently.
const pattern = /^(?<project>(?:[a-z0-9][a-z0-9.-]*:)?[a-z][a-z0-9-]*):(?<region>[a-z0-9-]+):(?<name>[a-z][a-z0-9-]*)$/;

/**
 * Parses an instance name; its shape says which service it is of.
 * @throws ConfigError `CLOUDSQL_INVALID_INSTANCE_NAME`, `CLOUDSQL_MISSING_OPTION`
 */
export function parseInstance(value: unknown): Instance {
  if (value === undefined || value === null || value === '') {
    throw new ConfigError('CLOUDSQL_MISSING_OPTION', 'The option `instance` is not set', {
      remedy: 'Set it to an instance connection name, project:region:instance.',
    });
  }
  if (typeof value !== 'string') {
    throw new ConfigError(
      'CLOUDSQL_INVALID_INSTANCE_NAME',
      `Expected \`instance\` to be an instance connection name, got ${typeof value}`,
    );
  }
  return looksLikeAlloyDb(value) ? parseAlloyDb(value) : parseCloudSql(value);
}

function parseAlloyDb(value: string): Instance {
  const parts = readAlloyDbName(value);
  if (parts) return Object.freeze({ service: 'alloydb', ...parts, id: value });
  throw new ConfigError('CLOUDSQL_INVALID_INSTANCE_NAME', `"${value}" is not the name of an AlloyDB instance`, {
    remedy: explainAlloyDbName(value),
  });
}

function parseCloudSql(value: string): Instance {
  const groups = pattern.exec(value)?.groups as Pick<Instance, 'project' | 'region' | 'name'> | undefined;
  if (groups) return Object.freeze({ service: 'cloud-sql', ...groups, id: value });
  throw new ConfigError('CLOUDSQL_INVALID_INSTANCE_NAME', `"${value}" is not an instance connection name`, {
    ...explain(value),
  });
}

/** The mistakes that people make most, each with what to do instead. */
function explain(value: string): { remedy?: string } {
  if (value.trim() !== value) return { remedy: 'Remove the white space around it.' };
  if (pattern.test(value.toLowerCase())) return { remedy: `Write it in lower case: "${value.toLowerCase()}".` };
  if (/^[^:]+\.[^:]+$/.test(value))
    return { remedy: 'DNS names are not supported by this version; use project:region:instance.' };
  if (/^[^:]+:[^:]+$/.test(value)) return { remedy: 'The region is missing: the form is project:region:instance.' };
  return {};
}
