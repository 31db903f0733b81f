import path from 'node:path';
import type { DnsName, Instance } from '@x/cloudsql-core';

/**
 * The socket of an instance in a folder, named as Google's proxies name it: what libpq looks for in a folder of its own,
 * for other engines one socket.
 */
export function socketPath(folder: string, instance: Instance | DnsName, engine: string): string {
  const own = path.join(folder, instance.service === 'alloydb' ? shortName(instance) : instance.id);
  return engine === 'POSTGRES' ? path.join(own, '.s.PGSQL.5432') : own;
}

/** `project.region.cluster.instance`, as Google's proxy shortens the name of an AlloyDB instance. */
function shortName({ project, region, cluster, name }: Instance): string {
  return [project, region, cluster, name].join('.').replaceAll(':', '_').toLowerCase();
}
