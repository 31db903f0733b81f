import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';

/** What a command left behind. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const here = import.meta.dirname;
const command = createRequire(import.meta.url).resolve('prisma/build/index.js');

export const schema: string = `generator client {
  provider            = "prisma-client"
  output              = "../generated"
  importFileExtension = "ts"
}

datasource db {
  provider = "postgresql"
}

model Order {
  id       Int    @id @default(autoincrement())
  item     String
  quantity Int

  @@map("orders")
}
`;

const firstMigration = `CREATE TABLE "orders" (
    "id" SERIAL NOT NULL,
    "item" TEXT NOT NULL,
    "quantity" INTEGER NOT NULL,

    CONSTRAINT "orders_pkey" PRIMARY KEY ("id")
);
`;

const config = `import { schemaEnginePath } from ${JSON.stringify(path.join(here, '../src/schema-engine.ts'))};
import { defineConfig } from 'prisma/config';

process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= schemaEnginePath();

const { URL: url, SHADOW_URL: shadowDatabaseUrl } = process.env;

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  ...(url && { datasource: { url, shadowDatabaseUrl } }),
});
`;

/** A folder with the files of a Prisma project, in which the command is run. */
export class PrismaProject {
  readonly folder: string = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'prisma-cloudsql-')));

  constructor() {
    symlinkSync(path.join(here, '../node_modules'), path.join(this.folder, 'node_modules'));
    this.write('package.json', '{ "type": "module" }');
    this.write('prisma.config.ts', config);
    this.write('prisma/schema.prisma', schema);
    this.write('prisma/migrations/migration_lock.toml', 'provider = "postgresql"\n');
    this.writeMigration('20260101000000_create_orders', firstMigration);
  }

  write(file: string, content: string): void {
    const target = path.join(this.folder, file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, content);
  }

  writeMigration(name: string, sql: string): void {
    this.write(`prisma/migrations/${name}/migration.sql`, sql);
  }

  removeMigration(name: string): void {
    rmSync(path.join(this.folder, 'prisma/migrations', name), { recursive: true });
  }

  /** Runs `prisma` with nothing in its environment but `env`; `before` is a program of Node that is to start it. */
  run(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    stdin = '',
    before: readonly string[] = [],
  ): Promise<Outcome> {
    const child = spawn(process.execPath, [...before, command, ...args], {
      cwd: this.folder,
      env: { PATH: path.dirname(process.execPath), HOME: this.folder, NO_COLOR: '1', CHECKPOINT_DISABLE: '1', ...env },
    });
    const outcome = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk) => (outcome.stdout += chunk));
    child.stderr.on('data', (chunk) => (outcome.stderr += chunk));
    child.stdin.end(stdin);
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve({ ...outcome, code }));
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
