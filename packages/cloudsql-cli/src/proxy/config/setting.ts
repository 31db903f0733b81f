/** What a setting's value is, by its kind. */
export interface KindValues {
  /** Text that is not empty. */
  readonly TEXT: string;
  /** On or off. */
  readonly SWITCH: boolean;
  /** A whole number from 0 up. */
  readonly COUNT: number;
  /** A port, from 0 to 65535. */
  readonly PORT: number;
  /** A time as Go writes it, in milliseconds. */
  readonly DURATION: number;
  /** An IP address. */
  readonly ADDRESS: string;
  /** A URL of an API, without a slash at its end. */
  readonly URL: string;
  /** Service accounts with commas in between. */
  readonly EMAILS: string;
  /** Permissions of a file, in octal. */
  readonly MODE: number;
}

/** What a setting's value is. */
export type Kind = keyof KindValues;

/** How a setting compares with the one that Google's proxies have. `'OURS'` has none there. */
export type Verdict = 'SAME' | 'BETTER' | 'REFUSED' | 'OURS';

/** One thing that can be set: as a flag, a variable, a key of a file and, some of them, as a parameter of an instance. */
export interface Setting {
  /** The flag's letter. */
  readonly short?: string;
  /** Another spelling, where Google's two proxies differ. */
  readonly alias?: string;
  readonly kind: Kind;
  /** Which of Google's proxies has it. */
  readonly from: 'BOTH' | 'CLOUD_SQL' | 'ALLOYDB' | 'OURS';
  /** Whether it can be said of one instance: for it alone, or besides. */
  readonly instance?: 'ONLY' | 'TOO';
  /** One line of help; for a setting that is refused the reason, with what to use in its place. */
  readonly help: string;
  /** What a value looks like. */
  readonly argument?: string;
  readonly verdict: Verdict;
  /** What the table in docs/proxy.md says of it, where it is not simply the same. */
  readonly note?: string;
}

/** A value, and where it was said: the flag, the variable, the key and its file, or the parameter. */
export interface Given<Value> {
  readonly value: Value;
  readonly source: string;
}
