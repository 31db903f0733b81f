import { once } from 'node:events';
import { type ConnectOptions, Connector } from '@x/cloudsql-core';
import { until } from '../local-client.ts';

/** A connector whose dials do not end by themselves once it is stuck: only when they are given up. */
export class StuckConnector extends Connector {
  stuck = false;
  /** The signals of the dials that have met it stuck. */
  readonly dials: AbortSignal[] = [];

  override async connect(options: ConnectOptions): ReturnType<Connector['connect']> {
    if (this.stuck && options.signal) {
      this.dials.push(options.signal);
      await once(options.signal, 'abort');
    }
    return super.connect(options);
  }

  /**
   * Is stuck from now on, and asks three questions at once until one of them has to dial: one finds the connection that
   * is there, the others do not, unless it is idle again. Returns what comes of the questions, errors included.
   */
  async meet(question: () => Promise<unknown>): Promise<unknown[]> {
    this.stuck = true;
    const ask = (): Promise<unknown> => question().catch((error: unknown) => error);
    let asked: Promise<unknown>[] = [];
    let answered = true;
    await until(() => {
      if (answered) {
        answered = false;
        asked = [ask(), ask(), ask()];
        void Promise.all(asked).then(() => {
          answered = true;
        });
      }
      return this.dials.length > 0;
    });
    return asked;
  }
}
