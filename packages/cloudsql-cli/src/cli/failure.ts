/** What was asked for could not be done. The message says what, the remedy what to do about it. */
export class Failure extends Error {
  /** What to do, as a sentence. */
  readonly remedy: string;

  constructor(what: string, remedy: string, cause?: unknown) {
    super(what, cause === undefined ? undefined : { cause });
    this.name = 'Failure';
    this.remedy = remedy;
  }
}
