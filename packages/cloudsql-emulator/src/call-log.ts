/** One call of an API, as it came in. */
export interface CallRecord {
  /** Name of the method, as in the statistics. */
  readonly method: string;
  readonly at: Date;
  /** Status that it was answered with; absent while it is not. */
  readonly status?: number;
  /** Header `User-Agent`. */
  readonly userAgent?: string;
  /** Header `X-Goog-User-Project`: the project to be billed. */
  readonly quotaProject?: string;
}

/** A record while its call runs. */
export type MutableCall = { -readonly [K in keyof CallRecord]: CallRecord[K] };

const MAX_RECORDS = 10_000;

/** Remembers the latest 10,000 calls, and counts all since the last reset. */
export class CallLog {
  readonly #records: MutableCall[] = [];
  readonly #counts = new Map<string, number>();

  /** Writes a call down; the caller adds the status. */
  add(method: string, headers: NodeJS.Dict<string | string[]> = {}): MutableCall {
    this.#counts.set(method, (this.#counts.get(method) ?? 0) + 1);
    const userAgent = headers['user-agent'];
    const quotaProject = headers['x-goog-user-project'];
    const record: MutableCall = {
      method,
      at: new Date(),
      ...(typeof userAgent === 'string' ? { userAgent } : {}),
      ...(typeof quotaProject === 'string' ? { quotaProject } : {}),
    };
    this.#records.push(record);
    if (this.#records.length > MAX_RECORDS) this.#records.shift();
    return record;
  }

  /** The records, oldest first. */
  list(): readonly CallRecord[] {
    return [...this.#records];
  }

  counts(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }

  /** Starts counting anew. The records stay. */
  resetCounts(): void {
    this.#counts.clear();
  }
}
