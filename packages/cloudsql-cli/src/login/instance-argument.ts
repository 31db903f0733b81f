import { UsageError } from '../cli/usage-error.ts';

/** What may stand behind an instance name. */
export interface InstanceParameters {
  readonly database?: string;
  readonly user?: string;
  readonly ipType?: string;
  readonly authType?: string;
}

/** An instance name with what stands behind it, `NAME?database=orders&ip-type=private`. */
export interface InstanceArgument {
  readonly instance: string;
  readonly parameters: InstanceParameters;
}

const names: Readonly<Record<string, keyof InstanceParameters>> = {
  database: 'database',
  user: 'user',
  'ip-type': 'ipType',
  'auth-type': 'authType',
};

/**
 * Reads an instance argument. Whether the name is a good one is core's business.
 * @throws UsageError for a parameter that is unknown, empty or repeated
 */
export function readInstanceArgument(argument: string): InstanceArgument {
  const cut = argument.indexOf('?');
  if (cut === -1) return { instance: argument, parameters: {} };
  const parameters: { -readonly [Key in keyof InstanceParameters]: InstanceParameters[Key] } = {};
  for (const [key, value] of new URLSearchParams(argument.slice(cut + 1))) {
    const name = Object.hasOwn(names, key) ? names[key] : undefined;
    if (name === undefined) {
      throw new UsageError(`"${argument}" has the parameter ${key}`, `There are ${Object.keys(names).join(', ')}.`);
    }
    if (value === '') throw new UsageError(`"${argument}" leaves ${key} empty`, 'Give it a value, or leave it out.');
    if (parameters[name] !== undefined) throw new UsageError(`"${argument}" says ${key} twice`, 'Say it once.');
    parameters[name] = value;
  }
  return { instance: argument.slice(0, cut), parameters };
}

/** An instance and the prefix of its variables, `[PREFIX=]NAME[?…]`; without one the instance's own name makes it. */
export function readPrefixed(argument: string): { readonly prefix: string; readonly argument: string } {
  const [, given, rest] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(argument) ?? [];
  if (given !== undefined && rest !== undefined) return { prefix: given.toUpperCase(), argument: rest };
  const name = readInstanceArgument(argument).instance.split(/[:/.]/).at(-1);
  return { prefix: (name ?? '').replace(/[^A-Za-z0-9]/g, '_').toUpperCase(), argument };
}
