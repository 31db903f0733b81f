export { listen, listenSync } from './listen.ts';
export type { Listener } from './listener.ts';
export type { ListenAuth, ListenEngine, ListenOptions } from './options.ts';
export { SessionLimit } from './session-limit.ts';
export { type CloudSqlUrlOptions, cloudSqlUrl, cloudSqlUrlSync } from './url.ts';
