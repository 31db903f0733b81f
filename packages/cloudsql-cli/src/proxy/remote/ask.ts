import { request } from 'node:http';

/** The answer of a proxy: its status and text. */
export interface RemoteAnswer {
  readonly status: number;
  readonly body: string;
}

/** Asks a proxy something, with a deadline. Rejects where nobody answers. */
export function ask(
  method: 'GET' | 'POST',
  { host, port }: { readonly host: string; readonly port: number },
  path: string,
  timeoutMs: number,
): Promise<RemoteAnswer> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(Math.max(Math.ceil(timeoutMs), 1));
    const call = request({ method, host, port, path, signal, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', reject);
    });
    call.on('error', reject);
    call.end();
  });
}
