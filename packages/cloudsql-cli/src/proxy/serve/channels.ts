import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { DialEvent, ListenerErrorEvent, RefreshEvent, SessionEvent } from '@x/cloudsql-core';

/** What core tells of what it does. */
export interface Observers {
  readonly dial?: (event: DialEvent) => void;
  readonly 'listener-error'?: (event: ListenerErrorEvent) => void;
  readonly refresh?: (event: RefreshEvent) => void;
  readonly session?: (event: SessionEvent) => void;
}

/** Listens to what core tells, until the function that is returned is called. */
export function observe(observers: Observers): () => void {
  const stops = Object.entries(observers).map(([name, observer]) => {
    const listener = (event: unknown): void => observer(event as never);
    subscribe(`cloudsql:${name}`, listener);
    return () => void unsubscribe(`cloudsql:${name}`, listener);
  });
  return () => {
    for (const stop of stops) stop();
  };
}
