import type { InstanceDnsNames } from './instance-names.ts';
import type { StubResolver } from './stub-resolver.ts';
import type { DnsRecords, Zone } from './zone.ts';

interface DnsParts {
  readonly resolver: StubResolver;
  readonly zone: Zone;
  readonly namesOf: (instance: string) => InstanceDnsNames;
}

/**
 * DNS names, answered by a stub resolver on loopback. Point a process at it with `dns.setServers([cloud.dns.server])`.
 * It knows the instances' own names from the start, and no others.
 *
 * @example
 * ```ts
 * dns.setServers([cloud.dns.server]);
 * cloud.dns.set('orders.shop.example', { TXT: 'demo-shop:europe-west1:orders' });
 * ```
 */
export class Dns {
  readonly #parts: DnsParts;

  /** @internal Made by `startEmulator` only. */
  constructor(parts: DnsParts) {
    this.#parts = parts;
  }

  /** Address of the resolver, UDP and TCP: `127.0.0.1:port`, as `dns.setServers` takes it. */
  get server(): string {
    return this.#parts.resolver.server;
  }

  /** Gives a name these records and no others; with `undefined` it is unknown. @throws EmulatorError `INVALID_OPTION` */
  set(name: string, records: DnsRecords | undefined): void {
    this.#parts.zone.set(name, records);
  }

  /** The DNS names of an instance itself, by the address that they lead to. @throws EmulatorError `UNKNOWN_INSTANCE` */
  namesOf(instance: string): InstanceDnsNames {
    return this.#parts.namesOf(instance);
  }

  /** Look-ups since the start or the last reset of the statistics: `{ 'orders.shop.example TXT': 2 }`. */
  queries(): Readonly<Record<string, number>> {
    return this.#parts.zone.queries();
  }

  /** Sets the counters to zero. */
  resetQueries(): void {
    this.#parts.zone.resetQueries();
  }
}
