import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { SchemaEngine } from '@prisma/schema-engine-wasm';
import { UserError } from './user-error.ts';

/** What of the global is used; its types come with those of a browser. */
declare const WebAssembly: {
  instantiate(code: Uint8Array, imports: object): Promise<{ instance: { exports: { __wbindgen_start(): void } } }>;
};

/** What the package's JavaScript half exports besides what its types say. */
interface Glue {
  __wbg_set_wasm(exports: object): void;
  SchemaEngine: typeof SchemaEngine;
}

/** A bug in the compiled engine, or in how it is used. */
export class Panic extends UserError {
  constructor(message: string) {
    super('', `@prisma/schema-engine-wasm panicked: ${message}`);
    this.name = 'Panic';
  }
}

/** Rejects when the engine panics: nothing that it was asked settles any more. */
export const panicked: Promise<never> = new Promise((_, reject) => {
  // Where the compiled code says why it panics.
  const registry = { set_message: (text: string) => reject(new Panic(text)) };
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: registry });
});
panicked.catch(() => {});

/** Loads the engine that Prisma compiles to WebAssembly, without the flag that an import of `.wasm` needs. */
export async function loadSchemaEngine(): Promise<typeof SchemaEngine> {
  const [glue, bytes] = await Promise.all([import('@prisma/schema-engine-wasm/schema_engine_bg'), readBytes()]).catch(
    (cause: unknown) => {
      throw new UserError(
        '',
        'The package @prisma/schema-engine-wasm, of the version of the engine, is not installed.',
        {
          cause,
        },
      );
    },
  );
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': glue });
  const { __wbg_set_wasm: setWasm, SchemaEngine: engine } = glue as unknown as Glue;
  setWasm(instance.exports);
  instance.exports.__wbindgen_start();
  return engine;
}

function readBytes(): Promise<Buffer> {
  const entry = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm');
  return readFile(path.join(path.dirname(entry), 'schema_engine_bg.wasm'));
}
