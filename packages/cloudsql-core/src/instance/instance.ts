import { ConfigError } from '../errors.ts';

/** An instance, parsed from its connection name once, at the edge. */
export interface Instance {
  /** Project id, with its domain where it has one (`example.com:project`). */
  readonly project: string;
  readonly region: string;
  readonly name: string;
  /** The connection name, `project:region:instance`. */
  readonly id: string;
}

// Project ids, regions and instance names as Google restricts them; anchored, so that nothing is dropped silently.
const pattern = /^(?<project>(?:[a-z0-9][a-z0-9.-]*:)?[a-z][a-z0-9-]*):(?<region>[a-z0-9-]+):(?<name>[a-z][a-z0-9-]*)$/;

/**
 * Parses an instance connection name.
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
  const groups = pattern.exec(value)?.groups;
  if (groups) return Object.freeze({ ...groups, id: value }) as unknown as Instance;
  throw new ConfigError('CLOUDSQL_INVALID_INSTANCE_NAME', `"${value}" is not an instance connection name`, {
    ...explain(value),
  });
}

/** The mistakes that people make most, each with what to do instead. */
function explain(value: string): { remedy?: string } {
  if (value.trim() !== value) return { remedy: 'Remove the white space around it.' };
  if (pattern.test(value.toLowerCase())) return { remedy: `Write it in lower case: "${value.toLowerCase()}".` };
  if (/^projects\/.*\/clusters\//.test(value))
    return { remedy: 'AlloyDB instances are not supported by this version.' };
  if (/^[^:]+\.[^:]+$/.test(value))
    return { remedy: 'DNS names are not supported by this version; use project:region:instance.' };
  if (/^[^:]+:[^:]+$/.test(value)) return { remedy: 'The region is missing: the form is project:region:instance.' };
  return {};
}
