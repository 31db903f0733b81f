import { EmulatorError } from '../errors.ts';
import type { RunningInstance } from '../instance.ts';
import { Dns } from './dns.ts';
import { instanceDnsNames } from './instance-names.ts';
import { StubResolver } from './stub-resolver.ts';
import { Zone } from './zone.ts';

/** The DNS side of an emulator. */
export interface RunningDns {
  readonly names: Dns;
  readonly zone: Zone;
  close(): Promise<void>;
}

/** Starts a resolver that knows the names of the instances. */
export async function startDns(instances: readonly RunningInstance[]): Promise<RunningDns> {
  const zone = new Zone();
  const names = new Map(
    instances.map(({ instance, addresses }) => {
      const own = instanceDnsNames(instance.name, addresses);
      for (const { type, ipAddress } of addresses) {
        if (own[type]) zone.set(own[type], { [ipAddress.includes(':') ? 'AAAA' : 'A']: ipAddress });
      }
      return [instance.name.connectionName, own] as const;
    }),
  );
  const resolver = new StubResolver(zone);
  await resolver.listen();
  const namesOf = (instance: string): ReturnType<typeof instanceDnsNames> => {
    const found = names.get(instance);
    if (found) return found;
    const known = [...names.keys()].join(', ');
    throw new EmulatorError('UNKNOWN_INSTANCE', `The emulator has no instance '${instance}'; it has ${known}.`);
  };
  return { names: new Dns({ resolver, zone, namesOf }), zone, close: () => resolver.close() };
}
