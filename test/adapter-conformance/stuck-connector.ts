import { once } from 'node:events';
import { type ConnectOptions, Connector } from '@x/cloudsql-core';

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
}
