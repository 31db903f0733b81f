import { ConfigError } from '../errors.ts';
import { explainAlloyDbName, looksLikeAlloyDb, readAlloyDbName } from './alloydb-name.ts';
import { type DnsName, readDnsName } from './dns-name.ts';

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
 * Parses the name of an instance, or a DNS name that leads to one; its shape says which.
 * @throws ConfigError `CLOUDSQL_INVALID_INSTANCE_NAME`, `CLOUDSQL_MISSING_OPTION`
 */
export function parseName(value: unknown): Instance | DnsName {
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
  const parsed = readInstance(value) ?? readDnsName(value);
  if (parsed) return parsed;
  const [what, remedy] = looksLikeAlloyDb(value)
    ? ['the name of an AlloyDB instance', { remedy: explainAlloyDbName(value) }]
    : ['an instance connection name', explain(value)];
  throw new ConfigError('CLOUDSQL_INVALID_INSTANCE_NAME', `"${value}" is not ${what}`, remedy);
}

/**
 * Parses the name of an instance, where a DNS name will not do.
 * @throws ConfigError `CLOUDSQL_INVALID_INSTANCE_NAME`, `CLOUDSQL_MISSING_OPTION`
 */
export function parseInstance(value: unknown): Instance {
  const parsed = parseName(value);
  if (parsed.service) return parsed;
  throw new ConfigError('CLOUDSQL_INVALID_INSTANCE_NAME', `"${parsed.id}" is a DNS name`);
}

/** Reads the name of an instance, of whichever service; undefined where the text is anything else. */
export function readInstance(value: string): Instance | undefined {
  const alloyDb = readAlloyDbName(value);
  if (alloyDb) return Object.freeze({ service: 'alloydb', ...alloyDb, id: value });
  const groups = pattern.exec(value)?.groups as Pick<Instance, 'project' | 'region' | 'name'> | undefined;
  return groups && Object.freeze({ service: 'cloud-sql', ...groups, id: value });
}

/** The mistakes that people make most, each with what to do instead. */
function explain(value: string): { remedy?: string } {
  if (value.trim() !== value) return { remedy: 'Remove the white space around it.' };
  const lower = value.toLowerCase();
  if (pattern.test(lower) || readDnsName(lower)) return { remedy: `Write it in lower case: "${lower}".` };
  if (/^[^:]+\.[^:]+$/.test(value)) return { remedy: 'If it is meant as a DNS name, no DNS name looks like that.' };
  if (/^[^:]+:[^:]+$/.test(value)) return { remedy: 'The region is missing: the form is project:region:instance.' };
  return {};
}
