import { expect, it } from 'vitest';
import { runProgram } from '../src/credentials/run-program.ts';

const never = new AbortController().signal;
const sh = (script: string, timeoutMs = 5000) => ({
  file: '/bin/sh',
  args: ['-c', script],
  env: process.env,
  timeoutMs,
});

it('tells what a program printed and how it ended', async () => {
  expect(await runProgram(sh('echo out; echo err >&2; exit 3'), never)).toEqual({
    code: 3,
    stdout: 'out\n',
    stderr: 'err\n',
  });
});

it('does not wait for children that hold its output', async () => {
  const started = performance.now();
  await expect(runProgram(sh('sleep 30 & sleep 30', 200), never)).rejects.toThrow('did not end within 200 ms');
  expect(performance.now() - started).toBeLessThan(20_000);
});

it('ends when it is given up, before or after the start', async () => {
  const gaveUp = new Error('given up');
  await expect(runProgram(sh('sleep 5'), AbortSignal.abort(gaveUp))).rejects.toBe(gaveUp);
  const controller = new AbortController();
  const running = runProgram(sh('sleep 5'), controller.signal);
  setTimeout(() => controller.abort(gaveUp), 50);
  await expect(running).rejects.toBe(gaveUp);
});

it('reports a program that does not exist or prints without end', async () => {
  await expect(runProgram({ ...sh(''), file: '/nonexistent' }, never)).rejects.toThrow('it does not exist');
  await expect(runProgram(sh('yes'), never)).rejects.toThrow('ERR_CHILD_PROCESS_STDIO_MAXBUFFER');
});
