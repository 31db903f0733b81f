import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Emulator } from '../src/index.ts';
import { ENVIRONMENT_FORMATS, findEmulators, formatEnvironment, publishEmulator } from '../src/index.ts';
import { startTestEmulator } from './setup.ts';

let folder: string;
let cloud: Emulator;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'locator-'));
  cloud = await startTestEmulator();
});
afterAll(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true });
});

test('a published emulator is found until it is withdrawn', async () => {
  expect(await findEmulators(folder)).toEqual([]);
  const withdraw = await publishEmulator(cloud, folder);
  const { host, id, env } = cloud;
  expect(await findEmulators(folder)).toEqual([
    { pid: process.pid, host, id, env, startedAt: expect.stringMatching(/^\d{4}-/) },
  ]);
  await withdraw();
  await withdraw();
  expect(await findEmulators(folder)).toEqual([]);
});

test('stale and broken notes are removed', async () => {
  await publishEmulator(cloud, folder);
  const [name = ''] = readdirSync(folder);
  const note = { pid: process.pid, host: cloud.host, id: cloud.id, startedAt: '2026', env: {} };
  // A process that has just ended.
  const { pid } = spawnSync('true');
  const stale = [
    { ...note, pid },
    { ...note, host: '127.0.0.1:1' },
    { ...note, id: 'another emulator, at the port of one that has ended' },
    { ...note, env: undefined },
  ];
  for (const [index, each] of stale.entries()) writeFileSync(join(folder, `${index}.json`), JSON.stringify(each));
  writeFileSync(join(folder, 'broken.json'), '{');
  expect(await findEmulators(folder)).toMatchObject([{ id: cloud.id }]);
  expect(readdirSync(folder)).toEqual([name]);
});

test('a folder that others may write to is refused', async () => {
  const open = mkdtempSync(join(folder, 'open-'));
  chmodSync(open, 0o777);
  await expect(findEmulators(open)).rejects.toMatchObject({ code: 'LOCATOR_UNUSABLE' });
  await expect(publishEmulator(cloud, open)).rejects.toMatchObject({ code: 'LOCATOR_UNUSABLE' });
});

test('variables are written for each shell', () => {
  const env = { A: `it's "here" \\ $HOME` };
  const written = Object.fromEntries(ENVIRONMENT_FORMATS.map((format) => [format, formatEnvironment(env, format)]));
  expect(written).toEqual({
    sh: `export A='it'\\''s "here" \\ $HOME'\n`,
    fish: `set -gx A 'it\\'s "here" \\\\ $HOME'\n`,
    pwsh: `$env:A = 'it''s "here" \\ $HOME'\n`,
    dotenv: `A="it's \\"here\\" \\\\ $HOME"\n`,
    json: `{\n  "A": "it's \\"here\\" \\\\ $HOME"\n}\n`,
  });
  const { stdout } = spawnSync('sh', ['-c', `${written.sh}printf %s "$A"`], { encoding: 'utf8' });
  expect(stdout).toBe(env.A);
  expect(() => formatEnvironment(env, 'bash' as never)).toThrow('format: must be one of sh, fish, pwsh, dotenv, json');
});
