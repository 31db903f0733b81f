#!/usr/bin/env node
// Stands for the engine that Prisma downloads: it connects to the URL that it is given, and knows nothing of Cloud SQL.
import { readFile } from 'node:fs/promises';
import { PrismaPg } from '@prisma/adapter-pg';
import { parseCommandLine } from '../src/schema-engine/command-line.ts';
import { presentInternalChars } from '../src/schema-engine/internal-char.ts';
import { ErrorRegistry, lend } from '../src/schema-engine/outcome.ts';
import { serve } from '../src/schema-engine/rpc.ts';
import { loadSchemaEngine } from '../src/schema-engine/wasm.ts';

const { task, datasource, datamodels } = parseCommandLine(process.argv.slice(2));
if (task === 'serve') {
  const { url } = datasource;
  const factory = new PrismaPg({ connectionString: url });
  const connect = async () => {
    const adapter = await factory.connect();
    presentInternalChars(adapter);
    return adapter;
  };
  const lent = lend({ provider: 'postgres', adapterName: factory.adapterName, connect }, new ErrorRegistry());
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
