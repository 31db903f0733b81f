import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { wantsColours } from '../src/cli/context.ts';
import { during } from '../src/cli/progress.ts';
import { stepText } from '../src/doctor/report.ts';

class Screen extends Writable {
  readonly isTTY: boolean;
  text = '';

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

const later = (ms: number): Promise<string> => new Promise((resolve) => setTimeout(resolve, ms, 'done'));

describe('progress', () => {
  it('is shown on a terminal when it takes long, and taken back', async () => {
    const stderr = new Screen(true);
    expect(await during({ stderr }, 'Connecting', later(600))).toBe('done');
    expect(stderr.text).toBe('Connecting …\r\u001b[K');
  });

  it('is taken back when the work fails, too', async () => {
    const stderr = new Screen(true);
    const failing = later(600).then(() => Promise.reject(new Error('no')));
    await expect(during({ stderr }, 'Connecting', failing)).rejects.toThrow('no');
    expect(stderr.text).toBe('Connecting …\r\u001b[K');
  });

  it.each([
    ['what is quick', true, 0],
    ['a file', false, 600],
  ])('is not shown for %s', async (_, isTTY, ms) => {
    const stderr = new Screen(isTTY);
    await during({ stderr }, 'Connecting', later(ms));
    expect(stderr.text).toBe('');
  });
});

describe('colours', () => {
  const step = { step: 'roles', status: 'FAILED', found: 'wrong', evidence: 'said so', durationMs: 1 } as const;
  const report = { ...step, remedy: ['gcloud mend'], advice: 'Then wait.' };

  it('are for terminals that want them', () => {
    expect(wantsColours(new Screen(true), {})).toBe(true);
    expect(wantsColours(new Screen(true), { NO_COLOR: '1' })).toBe(false);
    expect(wantsColours(new Screen(true), { TERM: 'dumb' })).toBe(false);
    expect(wantsColours(new Screen(false), {})).toBe(false);
  });

  it('change nothing of what is said', () => {
    const plain = stepText(report, false);
    const indent = ' '.repeat(15);
    expect(plain).toBe(`✗ roles        wrong\n${indent}said so\n${indent}gcloud mend\n${indent}Then wait.\n`);
    const painted = stepText(report, true);
    expect(painted).not.toBe(plain);
    expect(stripVTControlCharacters(painted)).toBe(plain);
  });
});
