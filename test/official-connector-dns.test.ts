import dns from 'node:dns';
import { type ConnectionOptions, Connector, IpAddressTypes } from '@google-cloud/cloud-sql-connector';
import type { Emulator } from '@x/cloudsql-emulator';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { app, instance, native, setEnv, startCloud } from './cloud.ts';

// Google's own connector, unchanged; the only thing that is set is whom the process asks for DNS names.

const after = 'demo-shop:europe-west4:after';
const domainName = 'orders.shop.example';
const servers = dns.getServers();

let cloud: Emulator;
const connectors: Connector[] = [];

beforeAll(async () => {
  const users = [{ ...native }];
  cloud = await startCloud({
    instances: [
      { name: instance, pscEnabled: true, users, customSubjectAlternativeNames: [domainName] },
      { name: after, users },
    ],
  });
  setEnv(cloud.googleEnv(app));
  dns.setServers([cloud.dns.server]);
});

afterEach(() => {
  for (const connector of connectors.splice(0)) connector.close();
});

afterAll(async () => {
  dns.setServers(servers);
  await cloud.close();
});

/** Logs in with the official connector; returns where that led, and how to get there again. */
async function led(options: ConnectionOptions): Promise<{ at: string; again: () => Promise<string> }> {
  const connector = new Connector({ sqlAdminAPIEndpoint: cloud.url });
  connectors.push(connector);
  const again = async (): Promise<string> => {
    const { stream } = await connector.getOptions(options);
    const client = new pg.Client({ stream, database: 'postgres', user: native.name, password: native.password });
    client.on('error', () => {});
    await client.connect();
    const { instance: at, ipType } = cloud.connections.at(-1)!;
    await client.end();
    return `${at} ${ipType}`;
  };
  return { at: await again(), again };
}

it.each(['PUBLIC', 'PRIVATE'] as const)(
  'the official connector follows a TXT record to a %s address',
  async (ipType) => {
    cloud.dns.set(domainName, { TXT: ['unrelated', instance] });
    expect((await led({ domainName, ipType: IpAddressTypes[ipType] })).at).toBe(`${instance} ${ipType}`);
  },
);

it('the official connector follows CNAMEs', async () => {
  cloud.dns.set(domainName, { CNAME: 'alias.example' });
  cloud.dns.set('alias.example', { TXT: instance });
  expect((await led({ domainName })).at).toBe(`${instance} PUBLIC`);
});

it("the official connector dials the name's own address", async () => {
  const endpoint = await dns.promises.resolve4(cloud.dns.namesOf(instance).PSC!);
  cloud.dns.set(domainName, { TXT: instance, A: endpoint });
  expect((await led({ domainName, ipType: IpAddressTypes.PSC })).at).toBe(`${instance} PSC`);
});

it.each(['PRIMARY', 'PRIVATE', 'PSC'] as const)(
  "the official connector dials an instance's own %s name",
  async (type) => {
    const ipType = type === 'PRIMARY' ? 'PUBLIC' : type;
    cloud.resetStatistics();
    const own = cloud.dns.namesOf(instance)[type]!;
    expect((await led({ domainName: own, ipType: IpAddressTypes[ipType] })).at).toBe(`${instance} ${ipType}`);
    expect(cloud.statistics().calls.resolveConnectSettings).toBeGreaterThan(0);
  },
);

it('the official connector fails over when its options are asked for again', async () => {
  cloud.dns.set(domainName, { TXT: instance });
  const { at, again } = await led({ domainName, failoverPeriod: 100 });
  expect(at).toBe(`${instance} PUBLIC`);
  cloud.dns.set(domainName, { TXT: after });
  await expect.poll(again, { timeout: 10_000 }).toBe(`${after} PUBLIC`);
});
