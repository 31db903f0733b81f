import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Emulator } from '@x/cloudsql-emulator';

export type Json = Record<string, unknown>;

/** What becomes of an answer: another status, header or body; `'CUT'` breaks it off. What is not said stays as it is. */
export type Alter = (
  method: string,
  body: Json,
) => { readonly status?: number; readonly headers?: Json; readonly body?: unknown } | 'CUT' | undefined;

/** An admin API whose answers are an emulator's, changed on their way, as a proxy or a bad day could. */
export interface AlteredApi extends AsyncDisposable {
  readonly url: string;
  alter: Alter;
  /** Calls by method since {@link reset}. */
  readonly calls: Readonly<Record<string, number>>;
  /** Counts anew, under another URL: what earlier callers still send is not counted. */
  reset(): void;
}

/** Starts one on a port of loopback. */
export async function startAlteredApi(cloud: Emulator): Promise<AlteredApi> {
  const server = http.createServer((request, response) => {
    const [, of, path = ''] = /^\/(\d+)(\/.*)$/.exec(request.url ?? '') ?? [];
    const method = /[/:](\w+)$/.exec(path)?.[1] ?? '';
    count(Number(of), method);
    answer(`${cloud.url}${path}`, (body) => api.alter(method, body), request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let round = 0;
  let calls: Record<string, number> = {};
  const count = (of: number, method: string): void => {
    if (of === round) calls[method] = (calls[method] ?? 0) + 1;
  };
  const api: AlteredApi = {
    get url() {
      return `${origin}/${round}`;
    },
    alter: () => undefined,
    get calls() {
      return calls;
    },
    reset() {
      round++;
      calls = {};
      api.alter = () => undefined;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return api;
}

/** Puts values over those of an answer of one method. */
export function over(which: 'connectSettings' | 'generateEphemeralCert', values: Json): Alter {
  return (method, body) => (method === which ? { body: { ...body, ...values } } : undefined);
}

async function answer(
  url: string,
  alter: (body: Json) => ReturnType<Alter>,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { authorization = '', 'content-type': type = 'application/json' } = request.headers;
  const genuine = await fetch(url, {
    method: request.method ?? 'GET',
    headers: { authorization, 'content-type': type },
    ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
  });
  const body = (await genuine.json()) as Json;
  const altered = alter(body);
  if (altered === 'CUT') {
    response.writeHead(200, { 'Content-Length': 1000 }).write('{"region":');
    response.destroy();
    return;
  }
  const shown = altered && 'body' in altered ? altered.body : body;
  response.writeHead(altered?.status ?? genuine.status, altered?.headers as http.OutgoingHttpHeaders);
  response.end(typeof shown === 'string' ? shown : JSON.stringify(shown));
}
