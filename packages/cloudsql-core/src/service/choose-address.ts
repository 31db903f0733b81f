import { ConfigError } from '../errors.ts';
import type { Instance } from '../instance/instance.ts';
import type { IpType, ResolvedConnection } from '../options/connection-options.ts';
import type { ConnectionInfo } from './connection-info.ts';
import { services } from './services.ts';

/**
 * The first type of address of those wanted that the instance has; a failed dial never moves to another type.
 * `suspect` is told when it has none, so that the metadata is fetched anew.
 * @throws ConfigError `CLOUDSQL_NO_ADDRESS`
 */
export function chooseAddress(
  { addresses }: ConnectionInfo,
  instance: Instance,
  { ipTypes = services[instance.service].defaultIpTypes }: Pick<ResolvedConnection, 'ipTypes'>,
  suspect: () => void,
): [IpType, string] {
  for (const type of ipTypes) {
    const address = addresses.get(type);
    if (address) return [type, address];
  }
  // It may get one at any time, and then the user should not have to wait for the next refresh.
  suspect();
  const has = [...addresses.keys()].map((type) => `'${type}'`).join(', ') || 'none';
  throw new ConfigError('CLOUDSQL_NO_ADDRESS', `\`ipType\` is ${ipTypes.map((type) => `'${type}'`).join(', ')}`, {
    instance: instance.id,
    remedy: `The instance has: ${has}. Set \`ipType\` to one of these, or enable the other type on the instance.`,
  });
}
