import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';

const main = new URL('../src/main.ts', import.meta.url).pathname;

/** The files that a process loads; its coverage knows them all. */
function loaded(args: readonly string[]): string[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'loaded-'));
  try {
    execFileSync(process.execPath, ['--no-warnings', main, ...args], { env: { NODE_V8_COVERAGE: folder } });
    return readdirSync(folder).flatMap((name) => {
      const { result } = JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as { result: { url: string }[] };
      return result.map(({ url }) => url).filter((url) => url.startsWith('file:'));
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

it.each([['--help'], ['--version'], ['proxy', '--help'], ['proxy', 'wait', '--help']])(
  'loads nothing but its own files and commander for %s',
  (...args) => {
    const files = loaded(args.filter((arg) => arg !== undefined));
    expect(files.some((file) => file.endsWith('/cloudsql-cli/src/main.ts'))).toBe(true);
    const foreign = files.filter((file) => !/\/cloudsql-cli\/src\/|\/commander\//.test(file));
    expect(foreign).toEqual([]);
  },
);
