import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { run } from '../child.ts';

const module = path.join(import.meta.dirname, '../../packages/cloudsql-cli/src/child/run-child.ts');

// There is no Windows here: what can be looked at is what cmd.exe is started with.
it.skipIf(process.platform === 'win32')('finds batch files on Windows, and escapes their arguments', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'windows-'));
  try {
    const shell = path.join(folder, 'cmd');
    writeFileSync(shell, '#!/bin/sh\nprintf \'%s\\n\' "$@"\n');
    writeFileSync(path.join(folder, 'npx.cmd'), '');
    for (const file of [shell, path.join(folder, 'npx.cmd')]) chmodSync(file, 0o755);
    const program = `
      Object.defineProperty(process, 'platform', { value: 'win32' });
      const { runChild } = await import(${JSON.stringify(module)});
      const args = ['prisma', 'a & b', '100%', 'say "so"', 'C:\\\\x y\\\\'];
      process.exitCode = await runChild({ command: 'npx', args, env: process.env });`;
    const env = { PATH: folder, PATHEXT: '.EXE;.CMD', comspec: shell };
    const outcome = await run(process.execPath, ['--no-warnings', '--input-type=module', '-e', program], { env });
    const line = '"npx ^"prisma^" ^"a^ ^&^ b^" ^"100^%^" ^"say^ \\^"so\\^"^" ^"C:\\x^ y\\\\^""';
    expect(outcome).toEqual({ code: 0, output: `/d\n/s\n/c\n${line}\n` });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
