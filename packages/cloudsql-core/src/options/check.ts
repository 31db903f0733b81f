import { ConfigError } from '../errors.ts';

/** Accepts a literal in any letter case, because such values come from the environment. */
export function oneOf<T extends string>(option: string, value: unknown, choices: readonly T[]): T {
  const found =
    typeof value === 'string'
      ? choices.find((choice) => choice.toUpperCase() === value.trim().toUpperCase())
      : undefined;
  if (found) return found;
  const given = typeof value === 'string' ? `"${value}"` : describe(value);
  throw new ConfigError('CLOUDSQL_INVALID_OPTION', `Expected \`${option}\` to be ${list(choices)}, got ${given}`, {
    remedy: suggest(String(value), choices) ?? `Use ${list(choices)}.`,
  });
}

/** A non-empty string, or undefined where the option is not set. */
export function optionalString(option: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && value.trim() !== '') return value;
  throw new ConfigError(
    'CLOUDSQL_INVALID_OPTION',
    `Expected \`${option}\` to be a string that is not empty, got ${describe(value)}`,
    { remedy: `Set \`${option}\` or leave it out.` },
  );
}

/** A whole number of milliseconds within bounds, or undefined where the option is not set. */
export function optionalMilliseconds(option: string, value: unknown, min: number): number | undefined {
  if (value === undefined) return undefined;
  // setTimeout fires at once for anything that does not fit 31 bits.
  if (Number.isInteger(value) && (value as number) >= min && (value as number) < 2 ** 31) return value as number;
  throw new ConfigError(
    'CLOUDSQL_INVALID_OPTION',
    `Expected \`${option}\` to be a whole number of milliseconds from ${min} up, got ${describe(value)}`,
    { remedy: `Set \`${option}\` to such a number or leave it out.` },
  );
}

/** Refuses keys that are not known, naming the nearest one that is. */
export function refuseUnknown(where: string, given: object, known: readonly string[]): void {
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue;
    throw new ConfigError('CLOUDSQL_UNKNOWN_OPTION', `${where} has no option \`${key}\``, {
      remedy: suggest(key, known) ?? 'Remove it.',
    });
  }
}

/** Refuses keys that would make a driver dial by itself; `owned` says of each why it is not the caller's to set. */
export function refuseOwned(where: string, given: object, owned: Readonly<Record<string, string>>): void {
  const key = Object.keys(owned).find((name) => (given as Record<string, unknown>)[name] !== undefined);
  if (key === undefined) return;
  throw new ConfigError('CLOUDSQL_OWNED_OPTION', `${where}: the option \`${key}\` cannot be set`, {
    remedy: `Remove it: ${owned[key]}.`,
  });
}

/**
 * Checks the options of an ORM, most of which are not ours to know: refuses those that the adapter owns, and those that
 * are nearly one of ours, which the ORM would ignore.
 */
export function checkOrmOptions(where: string, given: object, owned: Readonly<Record<string, string>>): void {
  if (typeof given !== 'object' || given === null) {
    const what = `Expected the options of ${where} to be an object, got ${describe(given)}`;
    throw new ConfigError('CLOUDSQL_INVALID_OPTION', what, {
      remedy: 'Set them, for each node where there are several.',
    });
  }
  refuseOwned(where, given, owned);
  for (const key of Object.keys(given)) {
    const near = ours.find((name) => name !== key && distance(name.toLowerCase(), key.toLowerCase()) <= 1);
    if (near === undefined) continue;
    throw new ConfigError('CLOUDSQL_UNKNOWN_OPTION', `${where} has no option \`${key}\``, {
      remedy: `Did you mean \`${near}\`?`,
    });
  }
}

/** Our options whose names are like no ORM's. */
const ours = ['instance', 'ipType', 'authType', 'connector'];

/** A sentence that names the nearest of the choices, if one is near. */
export function suggest(given: string, choices: readonly string[]): string | undefined {
  const word = given.toLowerCase();
  // Who has written a part of one means that one.
  const [whole, ...more] = word.length > 2 ? choices.filter((choice) => choice.toLowerCase().includes(word)) : [];
  if (whole && more.length === 0) return `Did you mean \`${whole}\`?`;
  const ranked = choices.map((choice) => ({ choice, away: distance(word, choice.toLowerCase()) }));
  const nearest = ranked.sort((a, b) => a.away - b.away)[0];
  return nearest && nearest.away <= Math.max(2, nearest.choice.length / 3)
    ? `Did you mean \`${nearest.choice}\`?`
    : undefined;
}

/** What a value is, without showing it: it may be a secret. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (value === '') return 'an empty string';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'undefined' ? 'undefined' : `a value of type ${typeof value}`;
}

function list(choices: readonly string[]): string {
  return choices
    .map((choice) => `'${choice}'`)
    .join(', ')
    .replace(/, ([^,]+)$/, ' or $1');
}

/** Levenshtein distance: how many letters have to change. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}
