import { UsageError } from '../../cli/usage-error.ts';
import type { Given } from './setting.ts';

/** Names of instances by what they were called: `instance-uri`, `instance-uri-0`, … */
export type NumberedNames = Map<string, string>;

/**
 * The instances in the order of their numbers: one without a number, or number 0, then 1, and so on.
 * @throws UsageError where one would be passed over because of a gap
 */
export function numbered(names: NumberedNames, name: string, dash: '-' | '_', where = ''): readonly Given<string>[] {
  const plain = names.get(name);
  const first = names.get(`${name}${dash}0`);
  if (plain !== undefined && first !== undefined) {
    throw new UsageError(
      `${name}${where} and ${name}${dash}0${where} are both the first instance`,
      `Call the second one ${name}${dash}1.`,
    );
  }
  const found: Given<string>[] = [];
  if (plain !== undefined) found.push({ value: plain, source: `${name}${where}` });
  for (let number = found.length; ; number++) {
    const value = names.get(`${name}${dash}${number}`);
    if (value === undefined) break;
    found.push({ value, source: `${name}${dash}${number}${where}` });
  }
  const known = [...names.keys()].filter((key) => key === name || key.startsWith(`${name}${dash}`));
  const left = known.find((key) => !found.some(({ source }) => source === `${key}${where}`));
  if (left === undefined) return found;
  throw new UsageError(
    `${left}${where} comes after a gap: there is no ${name}${dash}${found.length}${where}`,
    'Number the instances without gaps, from 0.',
  );
}
