import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';

/** A call of an API as it comes in, whatever protocol it came by. */
export interface ApiCall {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  /** The connection that it came on. */
  readonly socket: Socket;
  readonly body: () => Promise<Buffer>;
}

/** A request as a route sees it. */
export interface ApiRequest {
  readonly method: string;
  readonly url: URL;
  /** Decoded path segments that the route left open, in order. */
  readonly segments: readonly string[];
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** An answer. Objects are sent as JSON, texts as they are. */
export interface ApiResponse {
  readonly status: number;
  readonly body: object | string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One API method. */
export interface Route {
  /** Name in the statistics. */
  readonly name: string;
  readonly methods: readonly string[];
  /** Names of the Google hosts that have this method; `undefined` for methods that none has. */
  readonly hosts: readonly string[];
  /** Matched against the path; each group is a path segment, still encoded. */
  readonly path: RegExp;
  readonly handle: (request: ApiRequest) => ApiResponse | Promise<ApiResponse>;
}

/** An answer that is thrown. */
export class HttpError extends Error {
  readonly response: ApiResponse;

  constructor(response: ApiResponse) {
    super(`HTTP ${response.status}`);
    this.response = response;
  }
}
