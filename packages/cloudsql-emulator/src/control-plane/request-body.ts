import { googleError } from './google-error.ts';
import type { HttpError } from './http-types.ts';

const MAX_BODY_BYTES = 262_144;

/**
 * Reads a request's body, which clients of Google in Java compress. @throws HttpError 413 if it is longer than 256 KiB,
 * 400 if it is not compressed as it says
 */
export async function readBody(request: AsyncIterable<Buffer>, contentEncoding = 'identity'): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  return contentEncoding.toLowerCase() === 'gzip' ? await decompress(body) : body;
}

async function decompress(body: Buffer): Promise<Buffer> {
  const { gunzipSync } = await import('node:zlib');
  try {
    return gunzipSync(body, { maxOutputLength: MAX_BODY_BYTES });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge();
    throw googleError(400, 'badRequest', 'Request payload is no gzip.');
  }
}

function tooLarge(): HttpError {
  return googleError(413, 'uploadTooLarge', 'Request payload size exceeds the limit.');
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
