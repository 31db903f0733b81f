import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Connector, type NameResolver } from '../src/index.ts';
import { openLogin } from '../src/login.ts';

const never = new Promise<never>(() => {});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  vi.useRealTimers();
});

it('a look-up that never ends is given up, so that a later dial has one of its own', async () => {
  const answers = [never, Promise.resolve([])];
  const resolver: NameResolver = { resolveTxt: () => answers.shift()! };
  await using connector = new Connector({ resolver });
  const first = connector.warmup({ instance: 'orders.shop.example' }).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(await first).toMatchObject({
    code: 'CLOUDSQL_DNS_FAILED',
    message: expect.stringContaining('There was no answer within 20000 ms'),
  });
  await expect(connector.warmup({ instance: 'orders.shop.example' })).rejects.toMatchObject({
    code: 'CLOUDSQL_DNS_NO_INSTANCE',
  });
});

it('a login that cannot come about is not kept waiting by the dial', async () => {
  const accessToken = (): Promise<string> => never;
  const loginToken = (): Promise<string> => Promise.reject(new Error('no'));
  await using connector = new Connector({ credentials: { accessToken, loginToken } });
  const { signal } = new AbortController();
  const connection = { instance: 'p:r:i', authType: 'IAM_MANUAL', user: 'app' };
  const login = openLogin({ connector, connection, engine: 'MYSQL', user: 'app', withToken: true, signal });
  await expect(login).rejects.toMatchObject({ code: 'CLOUDSQL_TOKEN_FAILED' });
});

it('a login that is given up says so', async () => {
  const accessToken = (): Promise<string> => never;
  await using connector = new Connector({ credentials: { accessToken, loginToken: accessToken } });
  const controller = new AbortController();
  const connection = { instance: 'p:r:i', authType: 'IAM_MANUAL', user: 'app' };
  const { signal } = controller;
  const login = openLogin({ connector, connection, engine: 'MYSQL', user: 'app', withToken: true, signal });
  controller.abort();
  await expect(login).rejects.toMatchObject({ code: 'CLOUDSQL_DIAL_ABORTED' });
});

it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31])('%s is no time for a dial', async (timeoutMs) => {
  await using connector = new Connector();
  const refused = { code: 'CLOUDSQL_INVALID_OPTION', message: expect.stringContaining('`timeoutMs`') };
  await expect(connector.connect({ instance: 'p:r:i', timeoutMs })).rejects.toMatchObject(refused);
  await expect(connector.warmup({ instance: 'p:r:i', timeoutMs })).rejects.toMatchObject(refused);
});
