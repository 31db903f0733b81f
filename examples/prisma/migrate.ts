import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Prisma's own command: asked not to look for news of itself, and to keep its compiled code for the next time. */
async function prisma(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
  const command = createRequire(import.meta.url).resolve('prisma/build/index.js');
  const cache = `${import.meta.dirname}/node_modules/.cache/compiled`;
  const quiet = { CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1', NODE_COMPILE_CACHE: cache };
  await run(process.execPath, [command, ...args], {
    cwd: import.meta.dirname,
    env: { ...process.env, ...quiet, ...env },
    timeout: 60_000,
  });
}

/** `prisma generate`, unless the client is there. */
export async function generate(): Promise<void> {
  if (!existsSync(`${import.meta.dirname}/generated/client.ts`)) await prisma(['generate']);
}

/** `prisma migrate deploy`, for the same instance and over the same type of address as the program. */
export async function migrateDeploy(connection: {
  readonly instance: string;
  readonly database?: string;
  readonly user?: string | undefined;
  readonly ipType?: unknown;
}): Promise<void> {
  await prisma(['migrate', 'deploy'], {
    INSTANCE_CONNECTION_NAME: connection.instance,
    DB_NAME: connection.database,
    DB_IAM_USER: connection.user,
    PRIVATE_IP: connection.ipType === 'PRIVATE' ? '1' : '',
  });
}
