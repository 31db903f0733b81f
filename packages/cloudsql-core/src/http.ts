import http from 'node:http';
import https from 'node:https';

/** One HTTP exchange. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly agent?: http.Agent;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

/** No answer that this library reads is longer than this, in bytes. */
const longestAnswer = 1_048_576;

/**
 * Sends one request and reads its whole answer. Follows no redirect, and always checks the server's certificate, also
 * under `NODE_TLS_REJECT_UNAUTHORIZED=0`: requests carry tokens. Keeps no process alive.
 */
export function httpRequest({ url, body, ...options }: HttpRequest): Promise<HttpAnswer> {
  const { request } = url.startsWith('https:') ? https : http;
  const headers: Record<string, string> = { ...options.headers };
  if (body !== undefined) headers['Content-Length'] = String(Buffer.byteLength(body));
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(options.signal.aborted ? (options.signal.reason as Error) : error);
    const how = { ...options, headers, rejectUnauthorized: true, giveUp: options.signal } as https.RequestOptions;
    const req = request(url, how, (answer) => {
      const chunks: Buffer[] = [];
      let length = 0;
      answer.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > longestAnswer) answer.destroy(new Error(`the answer is longer than ${longestAnswer} bytes`));
        else chunks.push(chunk);
      });
      answer.on('error', fail);
      answer.on('end', () => {
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: Buffer.concat(chunks).toString() });
      });
    });
    req.on('error', fail).on('socket', (socket) => socket.unref());
    req.end(body);
  });
}

/** Whether a host name or address is this machine's own loopback. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
