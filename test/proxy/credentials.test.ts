import { copyFileSync } from 'node:fs';
import { type Emulator, startEmulator } from '@x/cloudsql-emulator';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connect, query, refusal } from '../local-client.ts';
import { ProxyProcess } from './proxy-process.ts';
import { get, onPort } from './proxy-urls.ts';

// Not demo-: those projects exist only under the emulator's own variable, and this is about real credentials.
const instance = 'shop:europe-west1:orders';
const [blue, green] = ['blue@shop.iam.gserviceaccount.com', 'green@shop.iam.gserviceaccount.com'] as const;

let cloud: Emulator;

beforeAll(async () => {
  cloud = await startEmulator({
    principals: [{ email: blue }, { email: green }],
    instances: [{ name: instance, databases: ['orders'], users: [{ email: blue }, { email: green }] }],
    certificateLifetimeMs: 4000,
  });
});

afterAll(() => cloud.close());

it('logs in with a key that took the place of another one, without a restart', async () => {
  const keyFile = `${cloud.caFile}.key.json`;
  copyFileSync(cloud.serviceAccountFile(blue), keyFile);
  const args = ['--credentials-file', keyFile, '--sqladmin-api-endpoint', cloud.url, '-i', '--require-same-user'];
  await using proxy = await ProxyProcess.ready([await onPort(instance, ''), ...args], {});
  const who = async (user: string): Promise<unknown> =>
    query(`postgresql://${encodeURIComponent(user)}@${proxy.at(instance)}/orders`).catch(() => undefined);
  expect(await who('blue@shop.iam')).toMatchObject({ user: 'blue@shop.iam' });
  copyFileSync(cloud.serviceAccountFile(green), keyFile);
  // The certificate with the old identity is good for a few seconds more.
  await proxy.until(async () => (await who('green@shop.iam')) !== undefined);
  expect(await who('blue@shop.iam')).toBeUndefined();
});

it('says what to do when a token has expired, keeps open connections, and goes on', async () => {
  const lifetime = cloud.tokenLifetimeMs;
  cloud.tokenLifetimeMs = 8000;
  const token = await tokenOf(blue);
  cloud.tokenLifetimeMs = lifetime;
  const args = ['--sqladmin-api-endpoint', cloud.url, '-i', '--health-check', '--http-port', '0'];
  const env = { CSQL_PROXY_TOKEN: token, CSQL_PROXY_LOGIN_TOKEN: token };
  await using proxy = await ProxyProcess.ready([await onPort(instance, ''), ...args], env);
  const at = `postgresql://${encodeURIComponent('blue@shop.iam')}@${proxy.at(instance)}/orders`;
  const client = await connect(at);
  let error: Awaited<ReturnType<typeof refusal>> | undefined;
  await proxy.until(async () => {
    error = (await query(at).catch(() => false)) === false ? await refusal(at) : undefined;
    return error !== undefined;
  });
  expect(error).toMatchObject({
    severity: 'FATAL',
    detail: expect.stringMatching(/^CLOUDSQL_/),
    hint: expect.stringMatching(/\w/),
  });
  expect((await client.query('select 42 as answer')).rows).toEqual([{ answer: 42 }]);
  expect(await get(proxy.at('HTTP'), '/readiness')).toEqual([503, expect.stringContaining(instance)]);
  expect(await get(proxy.at('HTTP'), '/liveness')).toEqual([200, 'ok']);
  await client.end();
  const { code, stderr, stdout } = await proxy.end();
  expect(code).toBe(143);
  expect(stdout + stderr).not.toContain(token);
});

it('ends with 1 where the token is no good from the start', async () => {
  const args = ['--sqladmin-api-endpoint', cloud.url];
  const proxy = new ProxyProcess([instance, ...args], { CSQL_PROXY_TOKEN: 'no-such-token' });
  await using _ = proxy;
  const { code, stdout, stderr } = await proxy.ended;
  expect(code).toBe(1);
  expect(stdout + stderr).not.toContain('no-such-token');
  expect(stderr).toContain(instance);
});

async function tokenOf(email: string): Promise<string> {
  const body = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: email,
    scope: 'https://www.googleapis.com/auth/cloud-platform',
  });
  const answer = await fetch(`${cloud.url}/token`, { method: 'POST', body });
  return ((await answer.json()) as { access_token: string }).access_token;
}
