import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { parseTarget } from '../src/schema-engine/target.ts';
import { testedEngine, versionWarning } from '../src/schema-engine/tested-versions.ts';
import { schemaEnginePath } from '../src/schema-engine.ts';

const start = (...args: string[]): ChildProcess => spawn(schemaEnginePath(), args, { stdio: 'pipe' });

const diff = {
  id: 1,
  jsonrpc: '2.0',
  method: 'diff',
  params: {
    from: { tag: 'empty' },
    to: {
      tag: 'schemaDatamodel',
      files: [{ path: 'a.prisma', content: 'datasource db {\n provider = "postgresql"\n}' }],
    },
    script: true,
    exitCode: null,
    filters: { externalTables: [], externalEnums: [] },
  },
};

test('the program can be started by its path and says which engine it is', async () => {
  expect(await text(start('--version').stdout!)).toBe(`schema-engine-cli ${testedEngine} (@x/prisma-cloudsql)\n`);
});

test('stdout has nothing but JSON-RPC, and the program ends when stdin does', async () => {
  const engine = start();
  const output = text(engine.stdout!);
  engine.stdin!.write(`${JSON.stringify(diff)}\n`);
  const [print] = (await once(engine.stdout!, 'data')) as [Buffer];
  const { id } = JSON.parse(print.toString()) as { id: string };
  engine.stdin!.write(`${JSON.stringify({ id, jsonrpc: '2.0', result: {} })}\n`);
  await once(engine.stdout!, 'data');
  const ended = performance.now();
  engine.stdin!.end();
  expect(await once(engine, 'exit')).toEqual([0, null]);
  expect(performance.now() - ended).toBeLessThan(2000);
  const messages = (await output)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(messages).toEqual([
    { jsonrpc: '2.0', id, method: 'print', params: { content: expect.any(String) } },
    { jsonrpc: '2.0', id: 1, result: { exitCode: 0, stdout: null } },
  ]);
});

test('an unknown method is an answer, not an end', async () => {
  const engine = start();
  engine.stdin!.end('{"id":7,"jsonrpc":"2.0","method":"nonsense"}\n');
  expect(await text(engine.stdout!)).toContain('has no method \\"nonsense\\"');
});

test('versions that were not tested are named in one line', () => {
  const project = mkdtempSync(path.join(os.tmpdir(), 'prisma-versions-'));
  mkdirSync(path.join(project, 'node_modules/prisma'), { recursive: true });
  writeFileSync(path.join(project, 'node_modules/prisma/package.json'), '{ "name": "prisma", "version": "7.99.0" }');
  expect(versionWarning(project)).toBe(
    'warning: the experimental schema engine of @x/prisma-cloudsql meets untested versions: prisma is 7.99.0, tested is 7.10.0',
  );
  expect(versionWarning()).toBeUndefined();
  rmSync(project, { recursive: true });
});

test('the URL form is read, Prisma parameter included', () => {
  const target = parseTarget('postgresql://app%40shop.iam@/orders?instance=shop:europe-west1:orders&schema=sales');
  expect(target).toMatchObject({ instance: 'shop:europe-west1:orders', database: 'orders', schema: 'sales' });
  expect(target.config.user).toBe('app@shop.iam');
  expect(() => parseTarget(undefined)).toThrow('The Prisma config file has no `datasource.url`.');
});
