import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { schemaEnginePath } from '@x/prisma-cloudsql/schema-engine';

const providers = ['postgresql', 'mysql'] as const;

/** `prisma generate` for the rows of Prisma. */
export async function generate(): Promise<void> {
  for (const provider of providers) await generateFor(provider);
}

/** The same for one engine, unless its client is there and as new as its schema. */
export async function generateFor(provider: (typeof providers)[number]): Promise<void> {
  const schema = `${import.meta.dirname}/${provider}.prisma`;
  const client = `${import.meta.dirname}/generated/${provider}/client.ts`;
  if (existsSync(client) && statSync(client).mtimeMs > statSync(schema).mtimeMs) return;
  const command = createRequire(import.meta.url).resolve('prisma/build/index.js');
  await promisify(execFile)(process.execPath, [command, 'generate', '--schema', schema], {
    env: { ...process.env, CHECKPOINT_DISABLE: '1', PRISMA_SCHEMA_ENGINE_BINARY: schemaEnginePath() },
    timeout: 60_000,
  });
}
