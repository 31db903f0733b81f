import { createHash } from 'node:crypto';
import { Connector } from './connector.ts';
import type { ConnectorOptions } from './options/connector-options.ts';
import { processWide } from './process-wide.ts';

interface Registry {
  readonly connectors: Map<string, Connector>;
  /** Numbers for values that have no text of their own, such as an `AuthClient`. */
  readonly numbers: WeakMap<object, number>;
  count: number;
}

/**
 * The connector that an adapter uses: the one it is given, or the one that this process shares among all adapters with
 * the same options. A shared one needs no closing, because instances that nobody uses fall asleep.
 */
export function connectorFor(option: Connector | ConnectorOptions = {}): Connector {
  if (option instanceof Connector || isForeignConnector(option)) return option;
  const registry = processWide<Registry>('connectors', () => ({
    connectors: new Map(),
    numbers: new WeakMap(),
    count: 0,
  }));
  // Checked before anything is kept, so that wrong options leave nothing behind.
  const made = new Connector(option);
  // A digest, because options can hold tokens and keys.
  const key = createHash('sha256').update(keyOf(option, registry)).digest('base64');
  const known = registry.connectors.get(key);
  if (known) return known;
  registry.connectors.set(key, made);
  return made;
}

/** A Connector of another copy of this library. */
function isForeignConnector(value: object): value is Connector {
  return 'connect' in value && 'databaseUser' in value && typeof value.connect === 'function';
}

function keyOf(value: unknown, registry: Registry): string {
  if (typeof value === 'function' || (typeof value === 'object' && value !== null && !isPlain(value))) {
    const number = registry.numbers.get(value) ?? ++registry.count;
    registry.numbers.set(value, number);
    return `#${number}`;
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify({ value });
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, entry]) => `${key}:${keyOf(entry, registry)}`).join()}}`;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || Array.isArray(value);
}
