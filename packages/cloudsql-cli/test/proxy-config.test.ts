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
