/** What was asked for is wrong. The message says what is, and where it was said. */
export class UsageError extends Error {
  /** What to do, as a sentence. */
  readonly remedy: string;

  constructor(what: string, remedy: string) {
    super(what);
    this.name = 'UsageError';
    this.remedy = remedy;
  }
}
