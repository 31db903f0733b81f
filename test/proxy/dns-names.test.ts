import type { Emulator } from '@x/cloudsql-emulator';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { app, startCloud } from '../cloud.ts';
import { freePort } from '../free-port.ts';
import { connect } from '../local-client.ts';
import { ProxyProcess } from './proxy-process.ts';
import { proxyUrl } from './proxy-urls.ts';

const [before, after] = ['demo-shop:europe-west1:before', 'demo-shop:europe-west4:after'];
const name = 'orders.shop.example';

let cloud: Emulator;

beforeAll(async () => {
  const users = [{ email: app, databaseRoles: ['cloudsqlsuperuser'] }];
  cloud = await startCloud({
    instances: [before, after].map((each) => ({ name: each, databases: ['orders'], users })),
  });
});

afterAll(() => cloud.close());

it('serves a DNS name, and new clients reach the instance that it leads to since', async () => {
  cloud.dns.set(name, { TXT: before, ttl: 0 });
  const resolver = `import dns from 'node:dns'; dns.setServers(${JSON.stringify([cloud.dns.server])});`;
  const env = { ...cloud.env, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(resolver)}` };
  await using proxy = await ProxyProcess.ready([`${name}?port=${await freePort()}&auto-iam-authn=true`], env);
  const led = async (): Promise<string> => {
    const { length } = cloud.connections;
    const client = await connect(proxyUrl(proxy, name));
    await client.end();
    return cloud.connections.at(length)!.instance;
  };
  expect(await led()).toBe(before);
  const client = await connect(proxyUrl(proxy, name));
  cloud.dns.set(name, { TXT: after, ttl: 0 });
  // Dials look the name up again once an answer is a second old.
  await proxy.until(async () => (await led()) === after);
  expect(await led()).toBe(after);
  // Who is still at the old instance is hung up on, so that a pool goes along.
  await proxy.until(() => !cloud.connections.some((each) => each.instance === before && each.closedAt === undefined));
  await expect(client.query('select 1')).rejects.toThrow(/terminated|ECONNRESET|not queryable/);
});
