import { EmulatorError } from '../errors.ts';
import type { RunningInstance } from '../instance.ts';
import { Dns } from './dns.ts';
import type { InstanceDnsNames } from './instance-names.ts';
import { instanceDnsNames } from './instance-names.ts';
import { StubResolver } from './stub-resolver.ts';
import { Zone } from './zone.ts';

/** The DNS side of an emulator. */
export interface RunningDns {
  readonly names: Dns;
  readonly zone: Zone;
  /** Gives an instance its names. */
  learn(instance: RunningInstance): void;
  close(): Promise<void>;
}

/** Starts a resolver that knows the names of the instances that it is told of. */
export async function startDns(): Promise<RunningDns> {
  const zone = new Zone();
  const names = new Map<string, InstanceDnsNames>();
  const learn = ({ instance, addresses }: RunningInstance): void => {
    const own = instanceDnsNames(
      instance.name,
      addresses.map(({ type }) => type),
    );
    for (const { type, ipAddress } of addresses) {
      if (own[type]) zone.set(own[type], { [ipAddress.includes(':') ? 'AAAA' : 'A']: ipAddress });
    }
    names.set(instance.name.connectionName, own);
  };
  const resolver = new StubResolver(zone);
  await resolver.listen();
  const namesOf = (instance: string): InstanceDnsNames => {
    const found = names.get(instance);
    if (found) return found;
    const known = [...names.keys()].join(', ');
    throw new EmulatorError('UNKNOWN_INSTANCE', `The emulator has no instance '${instance}'; it has ${known}.`);
  };
  return { names: new Dns({ resolver, zone, namesOf }), zone, learn, close: () => resolver.close() };
}
