import type { IncomingMessage, ServerResponse } from 'node:http';
import { Session } from 'node:inspector/promises';
import { pipeline } from 'node:stream/promises';
import { getHeapSnapshot } from 'node:v8';
import type { Answer } from './http-server.ts';

/** The longest profile, in seconds. */
const longest = 300;

/** What the processor does for as long as the query says, as Chrome's developer tools open it. */
export async function cpuProfile({ url }: IncomingMessage): Promise<Answer> {
  const asked = Number(new URL(url ?? '/', 'http://localhost').searchParams.get('seconds') ?? 30);
  if (!(asked > 0 && asked <= longest)) return { status: 400, body: `seconds must be from 1 to ${longest}` };
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    await new Promise((resolve) => setTimeout(resolve, asked * 1000).unref());
    const { profile } = await session.post('Profiler.stop');
    return { status: 200, body: JSON.stringify(profile), type: 'application/json' };
  } finally {
    session.disconnect();
  }
}

/** What is in memory, as Chrome's developer tools open it. */
export async function heapSnapshot(response: ServerResponse): Promise<undefined> {
  response.writeHead(200, { 'Content-Type': 'application/json' });
  await pipeline(getHeapSnapshot(), response);
}
