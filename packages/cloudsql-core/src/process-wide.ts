/**
 * What all copies of this library in one process share, made at the first use. Not enumerable, so that whoever prints the
 * global object does not print keys and connectors.
 */
export function processWide<T extends object>(name: string, make: () => T): T {
  const slot = Symbol.for(`@x/cloudsql-core/${name}`);
  const holder = globalThis as { [slot: symbol]: T | undefined };
  const known = holder[slot];
  if (known) return known;
  const made = make();
  Object.defineProperty(holder, slot, { value: made });
  return made;
}
