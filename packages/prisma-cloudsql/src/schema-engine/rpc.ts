import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Engine, Host } from './engine.ts';
import { toUserError } from './user-error.ts';

interface Message {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: unknown;
}

/** Streams of a program that answers JSON-RPC, a message a line. */
export interface RpcStreams {
  readonly input: Readable;
  readonly output: Writable;
  /** Ends `input` early. */
  readonly signal: AbortSignal;
}

/** Answers the requests on `input`, one after another, until it ends. */
export async function serve(streams: RpcStreams, makeEngine: (host: Host) => Engine): Promise<void> {
  const printed = new Map<string, () => void>();
  const send = (message: object): void => {
    streams.output.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  };
  const engine = makeEngine({
    print: (content) =>
      new Promise((resolve) => {
        const id = `print-${printed.size + 1}`;
        printed.set(id, resolve);
        send({ id, method: 'print', params: { content } });
      }),
  });
  let queue = Promise.resolve();
  const { input, signal } = streams;
  for await (const line of createInterface({ input, signal, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (!line.trim()) continue;
    const message = JSON.parse(line) as Message;
    if (message.method === undefined) {
      printed.get(String(message.id))?.();
      continue;
    }
    const { id, method, params } = message;
    // Not awaited: the answer to a `print` has to be read while the request that printed is answered.
    queue = queue.then(async () => {
      send({ id, ...(await answer(engine, method, params)) });
    });
  }
  await engine.close();
}

async function answer(
  engine: Engine,
  method: string,
  params: unknown,
): Promise<{ result: unknown } | { error: object }> {
  try {
    return { result: await engine.call(method, params) };
  } catch (thrown) {
    const error = toUserError(thrown);
    return {
      error: {
        code: 4466,
        message: 'An error happened. Check the data field for details.',
        data: {
          is_panic: false,
          message: error.message,
          ...(error.code ? { error_code: error.code } : {}),
          meta: null,
        },
      },
    };
  }
}
