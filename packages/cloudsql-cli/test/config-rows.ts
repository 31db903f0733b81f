/** A combination of arguments, variables and a file, and what comes of it. */
export interface ConfigRow {
  /** Words with spaces in between; `$FILE` is the path of the file. */
  readonly args: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What is in the file, and its extension. */
  readonly file?: readonly [extension: string, text: string];
  readonly code: 0 | 2;
  /** What is printed: all of it where it went well, else a part. */
  readonly says: string;
}

/** Accepted: what the configuration comes to. */
export function ok(args: string, says: string, more: Partial<ConfigRow> = {}): ConfigRow {
  return { args, code: 0, says, ...more };
}

/** Refused: what is wrong, and what to do. */
export function wrong(args: string, says: string, more: Partial<ConfigRow> = {}): ConfigRow {
  return { args, code: 2, says, ...more };
}

export const i = 'p:r:i';
export const alloyDb = 'projects/p/locations/r/clusters/c/instances/i';

/** What `--check-config` says of an instance of Cloud SQL of which nothing else was said. */
export const plain = `${i}: 127.0.0.1 port by engine, default address, password login`;
