import { googleError } from './google-error.ts';

const MAX_BODY_BYTES = 262_144;

/** Reads a request's body. @throws HttpError 413 if it is longer than 256 KiB */
export async function readBody(request: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw googleError(413, 'uploadTooLarge', 'Request payload size exceeds the limit.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Parses a JSON object. @throws HttpError 400 */
export function parseJsonObject(body: Buffer): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw googleError(400, 'parseError', 'Invalid JSON payload received.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw googleError(400, 'parseError', 'Invalid JSON payload received. Root element must be a message.');
  }
  return { ...value };
}

/** Parses a form or a JSON object, whichever it is, into texts. @throws HttpError 400 */
export function parseParameters(body: Buffer, contentType: string | undefined): URLSearchParams {
  if (!contentType?.startsWith('application/json')) return new URLSearchParams(body.toString('utf8'));
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(parseJsonObject(body))) {
    if (typeof value === 'string') parameters.set(key, value);
  }
  return parameters;
}
