import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { stagger } from '../src/dial/stagger.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const { signal } = new AbortController();
const never = (): Promise<string> => new Promise(() => {});
const refused = (message: string, address: string): (() => Promise<string>) => {
  const error = Object.assign(new Error(message), { code: 'ECONNREFUSED', syscall: 'connect', address });
  return () => Promise.reject(error);
};

it('begins the next attempt after 250 ms, and the first success counts', async () => {
  const begun: string[] = [];
  const attempt = (name: string, result: Promise<string>) => (): Promise<string> => {
    begun.push(name);
    return result;
  };
  const won = stagger(
    [attempt('a', never()), attempt('b', Promise.resolve('b')), attempt('c', never())],
    signal,
    () => {},
  );
  await vi.advanceTimersByTimeAsync(249);
  expect(begun).toEqual(['a']);
  await vi.advanceTimersByTimeAsync(1);
  expect(await won).toBe('b');
  expect(begun).toEqual(['a', 'b']);
  expect(vi.getTimerCount()).toBe(0);
});

it('begins the next attempt at once when one fails', async () => {
  expect(await stagger([refused('x', '1'), async () => 'b'], signal, () => {})).toBe('b');
});

it('takes an answer of an earlier attempt, even if a later one is under way', async () => {
  const slow = new Promise<string>((resolve) => setTimeout(resolve, 400, 'a'));
  const won = stagger([() => slow, never], signal, () => {});
  await vi.advanceTimersByTimeAsync(400);
  expect(await won).toBe('a');
});

it('fails with all that went wrong, and the codes of the first', async () => {
  const failed = stagger([refused('x', '1'), refused('y', '2')], signal, () => {});
  await expect(failed).rejects.toMatchObject({
    message: 'x; y',
    code: 'ECONNREFUSED',
    syscall: 'connect',
    address: '1',
  });
  await expect(stagger([refused('x', '1')], signal, () => {})).rejects.toMatchObject({ message: 'x', address: '1' });
});

it('aborts the others, and undoes what they yield all the same', async () => {
  const undone: string[] = [];
  let aborted = false;
  const late = (race: AbortSignal): Promise<string> => {
    race.addEventListener('abort', () => {
      aborted = true;
    });
    return new Promise((resolve) => setTimeout(resolve, 1000, 'late'));
  };
  const won = stagger([late, async () => 'b'], signal, (value) => undone.push(value));
  await vi.advanceTimersByTimeAsync(250);
  expect([await won, aborted]).toEqual(['b', true]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(undone).toEqual(['late']);
});

it('ends when its caller gives up, and begins nothing more', async () => {
  const controller = new AbortController();
  let begun = 0;
  const attempt = (): Promise<string> => {
    begun++;
    return never();
  };
  const failed = stagger([attempt, attempt], controller.signal, () => {}).catch((error: unknown) => error);
  const reason = new Error('enough');
  controller.abort(reason);
  expect(await failed).toBe(reason);
  await vi.advanceTimersByTimeAsync(1000);
  expect([begun, vi.getTimerCount()]).toEqual([1, 0]);
  await expect(stagger([attempt], AbortSignal.abort(reason), () => {})).rejects.toBe(reason);
  expect(begun).toBe(1);
});
