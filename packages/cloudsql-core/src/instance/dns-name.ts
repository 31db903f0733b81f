/** A DNS name that leads to an instance, which may become another one at any time. */
export interface DnsName {
  /** Which service the instance is of is not known before the name is looked up. */
  readonly service: undefined;
  /** The name, without a dot at its end. */
  readonly id: string;
}

/** Labels as RFC 1123 has them, and with an underscore at the front as services have; the last one begins with a letter. */
const pattern = /^(?:[_a-z0-9](?:[_a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?\.?$/;

/** Reads a DNS name; undefined where the text is anything else. */
export function readDnsName(value: string): DnsName | undefined {
  if (!pattern.test(value) || value.length > 254) return undefined;
  return Object.freeze({ service: undefined, id: value.replace(/\.$/, '') });
}

/**
 * The region in one of the names that Cloud SQL itself gives an instance; undefined for any other name. Those that end
 * in `global.sql.goog` stand for whichever instance is the primary, and are CNAMEs.
 */
export function regionOfInstanceName(name: string): string | undefined {
  const region = /^[a-z0-9-]+\.[a-z0-9-]+\.([a-z0-9-]+)\.sql(?:-psa|-psc)?\.goog$/.exec(name)?.[1];
  return region === 'global' ? undefined : region;
}
