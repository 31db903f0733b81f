#!/usr/bin/env node
// Stands for the engine that Prisma downloads: it connects to the URL that it is given, and knows nothing of Cloud SQL.
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { PrismaPg } from '@prisma/adapter-pg';
import { parseCommandLine } from '../src/schema-engine/command-line.ts';
import { presentInternalChars } from '../src/schema-engine/internal-char.ts';
import { ErrorRegistry, lend } from '../src/schema-engine/outcome.ts';
import { serve } from '../src/schema-engine/rpc.ts';
import { loadSchemaEngine } from '../src/schema-engine/wasm.ts';

const { task, datasource, datamodels } = parseCommandLine(process.argv.slice(2));
if (task === 'serve') {
  const connect = async (database?: string) => {
    const url = new URL(String(datasource.url));
    if (database) url.pathname = database;
    const adapter = await new PrismaPg({ connectionString: url.href }).connect();
    presentInternalChars(adapter);
    return adapter;
  };
  const connectToShadowDb = async () => {
    const [admin, database] = [await connect(), `prisma_migrate_shadow_db_${randomUUID()}`];
    await admin.executeScript(`CREATE DATABASE "${database}"`);
    const shadow = await connect(database);
    const dispose = shadow.dispose.bind(shadow);
    shadow.dispose = async () => {
      await dispose();
      await admin.executeScript(`DROP DATABASE "${database}"`);
      await admin.dispose();
    };
    return shadow;
  };
  const factory = {
    provider: 'postgres',
    adapterName: '@prisma/adapter-pg',
    connect: () => connect(),
    connectToShadowDb,
  };
  const lent = lend(factory, new ErrorRegistry());
  const started = async () => {
    const files = await Promise.all(datamodels.map(async (file) => [file, await readFile(file, 'utf8')]));
    const SchemaEngine = await loadSchemaEngine();
    return (await SchemaEngine.new({ datamodels: files as [string, string][] }, () => {}, lent)) as unknown as Record<
      string,
      (params: unknown) => Promise<unknown>
    >;
  };
  let engine: ReturnType<typeof started> | undefined;
  const streams = { input: process.stdin, output: process.stdout, signal: new AbortController().signal };
  await serve(streams, () => ({
    async call(method, params) {
      engine ??= started();
      const running = await engine;
      return (await running[method]?.(params)) ?? {};
    },
    async close() {},
  }));
  process.exit();
}
