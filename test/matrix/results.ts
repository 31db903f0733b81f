import { readFileSync } from 'node:fs';
import { newestOfRows } from './newest.ts';
import { type Row, rows, type Versions } from './rows.ts';

/** Where `npm run matrix` writes what it saw. */
export const resultsFile: URL = new URL('results.jsonl', import.meta.url);

/** One run of a program: of a row, with the versions of a column. */
export interface Result {
  readonly row: string;
  readonly column: string;
  /** The packages in question, not all that were installed. */
  readonly versions: Versions;
  readonly ok: boolean;
}

/** The versions of each column of a row, the newest last. */
export function columnsOf({ older, packages }: Row): Readonly<Record<string, Versions>> {
  const newest = newestOfRows();
  return { ...older, newest: Object.fromEntries(packages.map((name) => [name, newest[name]!])) };
}

/** What the script saw when it ran last. */
export function readResults(): readonly Result[] {
  const lines = readFileSync(resultsFile, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Result);
}

/**
 * The range of versions of a package that results prove: from the lowest one up to the next version that may break
 * something. Majors between the two must have been seen.
 */
export function provenRange(results: readonly Result[], owner: string, name: string): string | undefined {
  const seen = results.filter(({ row, ok, versions }) => ok && rows[row]?.package === owner && name in versions);
  const versions = [...new Set(seen.map(({ versions }) => versions[name]!))].sort(compare);
  const [lowest, highest] = [versions[0], versions.at(-1)];
  if (lowest === undefined || highest === undefined) return undefined;
  // Of what was seen with one version only, nothing is known about others.
  if (lowest === highest) return highest;
  // A pre-release promises nothing about the next one.
  if (highest.includes('-')) return `>=${lowest} <=${highest}`;
  for (let major = majorOf(lowest); major < majorOf(highest); major++) {
    if (!versions.some((version) => majorOf(version) === major))
      throw new Error(`Nothing is known of ${name} ${major}`);
  }
  return caretOf(lowest) === caretOf(highest) ? `^${lowest}` : `>=${lowest} <${caretOf(highest)}`;
}

/** The first version that a caret before this one excludes. */
function caretOf(version: string): string {
  const [major = 0, minor = 0] = parts(version);
  return major > 0 ? `${major + 1}` : `0.${minor + 1}`;
}

function majorOf(version: string): number {
  return parts(version)[0] ?? 0;
}

function compare(a: string, b: string): number {
  const [left, right] = [parts(a), parts(b)];
  return left.map((part, index) => part - (right[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
}

/** The numbers of a version, with the one of a pre-release. */
function parts(version: string): number[] {
  return (version.match(/\d+/g) ?? []).map(Number);
}
