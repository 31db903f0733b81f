import { PrismaPg } from '@prisma/adapter-pg';
import { presentInternalChars } from './internal-char.ts';
import { isAdapterError } from './outcome.ts';
import { ScriptError } from './script-error.ts';
import type { Target } from './target.ts';
import { fullMessage, UserError } from './user-error.ts';

/** What the engine talks to: Prisma's adapter for pg, on one session. */
export type Adapter = Awaited<ReturnType<PrismaPg['connect']>>;

type Pool = ReturnType<Adapter['underlyingDriver']>;

/**
 * Connects to `target` and makes it what the engine needs.
 *
 * - One session for everything: a migration may `SET` things, and the engine holds an advisory lock.
 * - A script is sent as it is written. The adapter would cut it at every semicolon, also inside of a function body.
 * @throws UserError P1000, P1001, P1003
 */
export async function connect(target: Target): Promise<Adapter> {
  const { config, schema } = target;
  const searchPath = `-c search_path=${startupValue(`"${schema.replaceAll('"', '""')}"`)}`;
  const options = [config.options, searchPath].filter(Boolean).join(' ');
  // Two, so that a transaction of the engine could not wait for the session for ever.
  const factory = new PrismaPg({ ...config, options, max: 2, idleTimeoutMillis: 0 }, { schema });
  const adapter = await factory.connect();
  const pool = adapter.underlyingDriver();
  const session = await pool.connect().catch(async (error: unknown) => {
    await pool.end();
    throw connectionError(error, target);
  });
  // Without a listener a lost connection would end the process; the next query says that it is lost.
  session.on('error', () => {});
  let lastError: unknown;
  const query = async (...args: Parameters<typeof session.query>): Promise<unknown> => {
    try {
      return await session.query(...args);
    } catch (error) {
      lastError = error;
      throw error;
    }
  };
  pool.query = query as unknown as Pool['query'];
  presentInternalChars(adapter);
  adapter.executeScript = async (script) => {
    try {
      await adapter.executeRaw({ sql: script, args: [], argTypes: [] });
    } catch (error) {
      throw isAdapterError(error) ? new ScriptError(script, lastError as Error, error) : error;
    }
  };
  adapter.dispose = async () => {
    session.release(true);
    await pool.end();
  };
  return adapter;
}

/** Spaces and backslashes separate and quote in the startup parameter `options`. */
function startupValue(value: string): string {
  return value.replace(/[\\\s]/g, '\\$&');
}

/** Says what went wrong in the words that Prisma's users know, with ours behind them. */
function connectionError(error: unknown, { instance, database }: Target): UserError {
  const reason = fullMessage(error);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === '3D000') {
    return new UserError('P1003', `Database \`${database}\` does not exist on \`${instance}\`.`, { cause: error });
  }
  if (code === '28000' || code === '28P01') {
    return new UserError('P1000', `Authentication failed against database server at \`${instance}\`.\n\n${reason}`, {
      cause: error,
    });
  }
  return new UserError('P1001', `Can't reach database server at \`${instance}\`\n\n${reason}`, { cause: error });
}
