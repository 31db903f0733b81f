import type { CliContext } from '../../cli/context.ts';
import { type EndingSignal, endingSignals, exitCodes } from '../../cli/exit-codes.ts';

/** Why a proxy ends. */
export type EndCause = EndingSignal | 'QUIT';

const signalNames = Object.keys(endingSignals) as EndingSignal[];

/** Waits for somebody to ask for the end. Asked again, whoever waits for something on the way to it gives up. */
export class EndRequest {
  /** Resolves with the first reason. */
  readonly asked: Promise<EndCause>;
  /** Aborted when a second signal says that it is to end now. */
  readonly hurry: AbortSignal;
  readonly #hurry: AbortController = new AbortController();
  readonly #signals: CliContext['signals'];
  #resolve: (cause: EndCause) => void = () => {};
  #isAsked = false;

  constructor(signals: CliContext['signals']) {
    this.#signals = signals;
    this.hurry = this.#hurry.signal;
    this.asked = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    for (const name of signalNames) signals.on(name, this.#onSignal);
  }

  /** Asks for the end as /quitquitquit does: once is enough, and more often is not sooner. */
  readonly quit = (): void => this.#ask('QUIT');

  close(): void {
    for (const name of signalNames) this.#signals.off(name, this.#onSignal);
  }

  readonly #onSignal = (name: EndingSignal): void => {
    if (this.#isAsked) this.#hurry.abort();
    this.#ask(name);
  };

  #ask(cause: EndCause): void {
    this.#isAsked = true;
    this.#resolve(cause);
  }
}

/** The exit code that a reason stands for, whatever else happened on the way. */
export function exitCodeFor(cause: EndCause, exitZeroOnSigterm: boolean): number {
  if (cause === 'QUIT' || (cause === 'SIGTERM' && exitZeroOnSigterm)) return exitCodes.ok;
  return endingSignals[cause];
}
