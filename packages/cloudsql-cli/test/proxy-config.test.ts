import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { cli } from './cli.ts';
import { flagRows } from './config-flags.rows.ts';
import type { ConfigRow } from './config-rows.ts';
import { sourceRows } from './config-sources.rows.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'config-'));
afterAll(() => rmSync(folder, { recursive: true }));

const rows = [...flagRows, ...sourceRows].map((row, index) => {
  const { args, env = {}, file } = row;
  const variables = Object.entries(env).map(([name, text]) => `${name}=${text} `);
  return { ...row, index, title: `${variables.join('')}cloudsql proxy ${args}${file ? ` (${file.join(': ')})` : ''}` };
});

it('has at least 150 rows, and none of them twice', () => {
  expect(rows.length).toBeGreaterThanOrEqual(150);
  const told = rows.map(({ args, env, file }) => JSON.stringify({ args, env, file }));
  expect(told.filter((each, index) => told.indexOf(each) !== index)).toEqual([]);
});

it.each(rows)('$title', async ({ index, args, env = {}, file, code, says }: ConfigRow & { index: number }) => {
  const where = path.join(folder, `${index}${file?.[0] ?? ''}`);
  if (file) writeFileSync(where, file[1]);
  const fill = (text: string): string => text.replaceAll('$FILE', where);
  const words = fill(args).split(' ').filter(Boolean);
  const variables = Object.fromEntries(Object.entries(env).map(([name, text]) => [name, fill(text)]));
  const outcome = await cli(['proxy', '--check-config', ...words], variables);
  if (code === 0) expect(outcome).toEqual({ code, stdout: `${fill(says)}\n`, stderr: '' });
  else {
    expect(outcome).toMatchObject({ code, stdout: '' });
    expect(outcome.stderr).toContain(fill(says));
  }
});

it('says the same in a process of its own', () => {
  const main = new URL('../src/main.ts', import.meta.url).pathname;
  const some = rows.filter(({ index, file }) => index % 40 === 0 && !file);
  expect(some.length).toBeGreaterThan(4);
  for (const { args, env, code, says } of some) {
    const words = ['--no-warnings', main, 'proxy', '--check-config', ...args.split(' ').filter(Boolean)];
    const { status, stdout, stderr } = spawnSync(process.execPath, words, { env: { ...env }, encoding: 'utf8' });
    expect({ status, text: status === 0 ? stdout : stderr }).toEqual({
      status: code,
      text: expect.stringContaining(says),
    });
  }
});
