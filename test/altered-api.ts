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
  /** Calls by method, to be reset by the test. */
  calls: Record<string, number>;
}

/** Starts one on a port of loopback. */
export async function startAlteredApi(cloud: Emulator): Promise<AlteredApi> {
  const server = http.createServer((request, response) => {
    answer(cloud, api, request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const api: AlteredApi = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    alter: () => undefined,
    calls: {},
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
  { url }: Emulator,
  api: AlteredApi,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { authorization = '', 'content-type': type = 'application/json' } = request.headers;
  const genuine = await fetch(`${url}${request.url}`, {
    method: request.method ?? 'GET',
    headers: { authorization, 'content-type': type },
    ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
  });
  const method = /[/:](\w+)$/.exec(request.url ?? '')?.[1] ?? '';
  api.calls[method] = (api.calls[method] ?? 0) + 1;
  const body = (await genuine.json()) as Json;
  const altered = api.alter(method, body);
  if (altered === 'CUT') {
    response.writeHead(200, { 'Content-Length': 1000 }).write('{"region":');
    response.destroy();
    return;
  }
  const shown = altered && 'body' in altered ? altered.body : body;
  response.writeHead(altered?.status ?? genuine.status, altered?.headers as http.OutgoingHttpHeaders);
  response.end(typeof shown === 'string' ? shown : JSON.stringify(shown));
}
