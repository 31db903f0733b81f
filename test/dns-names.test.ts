import dns from 'node:dns';
import type { TLSSocket } from 'node:tls';
import { ConfigError, Connector, type ConnectorOptions, type NameResolver } from '@x/cloudsql-core';
import type { Emulator } from '@x/cloudsql-emulator';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { instance, setEnv, startCloud } from './cloud.ts';

const stock = 'demo-shop:europe-west1:stock';
const name = 'orders.shop.example';
const servers = dns.getServers();

let cloud: Emulator;

beforeAll(async () => {
  const instances = [{ name: instance, pscEnabled: true }, { name: stock }];
  cloud = await startCloud({ instances });
  setEnv(cloud.env);
  dns.setServers([cloud.dns.server]);
});

afterEach(async () => {
  cloud.dns.set(name, undefined);
  await cloud.faults.clear();
});

afterAll(async () => {
  dns.setServers(servers);
  await cloud.close();
});

/** Dials a name with a connector of its own, and says where that led. */
async function dialled(target = name, options: { ipType?: string } & ConnectorOptions = {}): Promise<string> {
  const { ipType = 'PUBLIC', ...connectorOptions } = options;
  await using connector = new Connector(connectorOptions);
  const { length } = cloud.connections;
  const socket = await connector.connect({ instance: target, ipType });
  // The server takes note of it when it has seen the client's certificate, which is after the client's handshake.
  await expect.poll(() => cloud.connections.length).toBeGreaterThan(length);
  socket.destroy();
  const record = cloud.connections.at(-1)!;
  return `${record.instance} ${record.ipType}`;
}

describe('a DNS name leads to the instance', () => {
  it('in its TXT record', async () => {
    cloud.dns.set(name, { TXT: instance });
    expect(await dialled()).toBe(`${instance} PUBLIC`);
    expect(await dialled(`${name}.`)).toBe(`${instance} PUBLIC`);
  });

  it('in the first of its TXT records that is an instance name, in the order of the alphabet', async () => {
    cloud.dns.set(name, { TXT: [stock, 'v=spf1 -all', instance, 'a:b'] });
    expect(await dialled()).toBe(`${instance} PUBLIC`);
  });

  it('in a TXT record that is split into chunks', async () => {
    cloud.dns.set(name, { TXT: [[instance.slice(0, 7), instance.slice(7)]] });
    expect(await dialled()).toBe(`${instance} PUBLIC`);
  });

  it('in the TXT record of a name that it is a CNAME of', async () => {
    cloud.dns.set(name, { CNAME: 'a.shop.example' });
    cloud.dns.set('a.shop.example', { CNAME: 'b.shop.example' });
    cloud.dns.set('b.shop.example', { TXT: instance });
    expect(await dialled()).toBe(`${instance} PUBLIC`);
  });

  it.each([
    ['PRIMARY', 'PUBLIC'],
    ['PRIVATE', 'PRIVATE'],
    ['PSC', 'PSC'],
  ] as const)('by its own %s name, through the API', async (type, ipType) => {
    cloud.resetStatistics();
    expect(await dialled(cloud.dns.namesOf(instance)[type], { ipType })).toBe(`${instance} ${ipType}`);
    cloud.dns.set(name, { CNAME: cloud.dns.namesOf(instance)[type]! });
    expect(await dialled(name, { ipType })).toBe(`${instance} ${ipType}`);
    expect(cloud.statistics().calls.resolveConnectSettings).toBe(2);
  });

  it('through a resolver that was passed', async () => {
    const resolver: NameResolver = { resolveTxt: async (asked) => [[asked === 'db.corp' ? instance : '']] };
    expect(await dialled('db.corp', { resolver })).toBe(`${instance} PUBLIC`);
    const own = new dns.promises.Resolver();
    own.setServers([cloud.dns.server]);
    cloud.dns.set(name, { TXT: stock });
    expect(await dialled(name, { resolver: own })).toBe(`${stock} PUBLIC`);
  });
});

describe('a DNS name that does not', () => {
  it.each([
    ['is unknown', undefined, 'CLOUDSQL_DNS_NO_INSTANCE', 'It has no TXT record'],
    ['has no TXT record', { A: '127.0.0.1' }, 'CLOUDSQL_DNS_NO_INSTANCE', 'It has no TXT record'],
    ['has another TXT record', { TXT: 'v=spf1 -all' }, 'CLOUDSQL_DNS_NO_INSTANCE', 'no instance name, "v=spf1 -all"'],
    [
      'leads nowhere',
      { CNAME: 'gone.example' },
      'CLOUDSQL_DNS_NO_INSTANCE',
      'It leads to gone.example, which has no TXT',
    ],
    ['leads to itself', { CNAME: name }, 'CLOUDSQL_DNS_LOOP', 'Its CNAMEs go in a circle'],
  ] as const)('%s is a ConfigError', async (_, records, code, message) => {
    cloud.dns.set(name, records);
    const failed = dialled();
    await expect(failed).rejects.toBeInstanceOf(ConfigError);
    await expect(failed).rejects.toMatchObject({ code, instance: name, message: expect.stringContaining(message) });
  });

  it('ends in a chain of ten names is followed, and in one of eleven is not', async () => {
    const links = Array.from({ length: 11 }, (_, i) => `c${i}.shop.example`);
    for (const [i, link] of links.entries()) cloud.dns.set(link, { CNAME: links[i + 1] ?? 'x.example' });
    // The resolver follows CNAMEs by itself; without that, each is a look-up of its own.
    const resolver: NameResolver = {
      resolveTxt: async (asked) => (asked === links[10] ? [[instance]] : []),
      resolveCname: (asked) => dns.promises.resolveCname(asked),
    };
    expect(await dialled(links[0], { resolver })).toBe(`${instance} PUBLIC`);
    cloud.dns.set(name, { CNAME: links[0]! });
    await expect(dialled(name, { resolver })).rejects.toMatchObject({ code: 'CLOUDSQL_DNS_LOOP' });
  });

  it.each(['SERVFAIL', 'REFUSED'] as const)('can be looked up (%s) is an error that may pass', async (fault) => {
    cloud.dns.set(name, { TXT: instance });
    cloud.faults.dns(name, fault);
    await expect(dialled()).rejects.toMatchObject({ code: 'CLOUDSQL_DNS_FAILED', instance: name, retryable: true });
    cloud.faults.dns(name, undefined);
    expect(await dialled()).toBe(`${instance} PUBLIC`);
  });

  it('is known to the API is said so', async () => {
    const failed = dialled('0a.0b.europe-west1.sql.goog');
    await expect(failed).rejects.toMatchObject({ code: 'CLOUDSQL_INSTANCE_NOT_FOUND' });
  });
});

describe("the name's own addresses", () => {
  const addressOf = (target: string, ipType: string): Promise<string> =>
    dialled(target, { ipType }).then(() => cloud.connections.at(-1)!.localAddress);

  it("take the place of the instance's", async () => {
    const privately = await addressOf(instance, 'PRIVATE');
    cloud.dns.set(name, { TXT: instance, A: privately });
    expect(await addressOf(name, 'PUBLIC')).toBe(privately);
  });

  it('do not make up for a type that the instance has not', async () => {
    cloud.dns.set(name, { TXT: stock, A: await addressOf(stock, 'PUBLIC') });
    await expect(dialled(name, { ipType: 'PSC' })).rejects.toMatchObject({ code: 'CLOUDSQL_NO_ADDRESS' });
  });

  it('are tried in turn', async () => {
    const last = await addressOf(instance, 'PUBLIC');
    cloud.dns.set(name, { TXT: instance, A: ['127.255.255.1', '127.255.255.2', last], AAAA: '::1' });
    expect(await addressOf(name, 'PUBLIC')).toBe(last);
  });

  it('are all named when none can be reached', async () => {
    cloud.dns.set(name, { TXT: instance, A: ['127.255.255.1', '127.255.255.2'] });
    await expect(dialled()).rejects.toMatchObject({
      code: 'CLOUDSQL_DIAL_FAILED',
      message: expect.stringMatching(/127\.255\.255\.1, 127\.255\.255\.2.*ECONNREFUSED.*ECONNREFUSED/),
      cause: { code: 'ECONNREFUSED', syscall: 'connect' },
    });
  });

  it('are not waited for when they do not come', async () => {
    const resolver: NameResolver = {
      resolveTxt: async () => [[instance]],
      resolve4: () => new Promise(() => {}),
      resolve6: () => Promise.reject(new Error('no')),
    };
    expect(await dialled(name, { resolver })).toBe(`${instance} PUBLIC`);
  });
});

describe('the server that a DNS name leads to', () => {
  it('has to have that name in its certificate, or else the name of the instance', async () => {
    cloud.dns.set(name, { TXT: stock });
    await cloud.faults.server(stock, { serverNames: [name], commonName: 'other' });
    expect(await dialled()).toBe(`${stock} PUBLIC`);
    await cloud.faults.server(stock, { serverNames: ['other.example'] });
    expect(await dialled()).toBe(`${stock} PUBLIC`);
    await cloud.faults.server(stock, { serverNames: ['other.example'], commonName: 'other' });
    await expect(dialled()).rejects.toMatchObject({
      code: 'CLOUDSQL_SERVER_IDENTITY',
      message: expect.stringContaining(`expected "${name}" or "demo-shop:stock"`),
    });
  });
});

describe('look-ups', () => {
  const asked = (): number | undefined => cloud.dns.queries()[`${name} TXT`];

  it('are shared by all who dial at once', async () => {
    cloud.dns.set(name, { TXT: instance });
    cloud.resetStatistics();
    await using connector = new Connector();
    const dial = (): Promise<TLSSocket> => connector.connect({ instance: name });
    const sockets = await Promise.all(Array.from({ length: 20 }, dial));
    expect(asked()).toBe(1);
    for (const socket of sockets) socket.destroy();
  });

  it('are not reused for longer than the records live', async () => {
    cloud.dns.set(name, { TXT: instance, A: '127.255.255.1', ttl: 0 });
    cloud.resetStatistics();
    await using connector = new Connector({ failoverPeriodMs: 0 });
    for (let i = 0; i < 3; i++) await connector.connect({ instance: name }).catch(() => {});
    expect(asked()).toBeGreaterThanOrEqual(3);
  });

  it('serve warm-ups, tokens and versions, too', async () => {
    cloud.dns.set(name, { TXT: instance });
    await using connector = new Connector();
    await connector.warmup({ instance: name });
    expect(await connector.engineVersion({ instance: name })).toBe('POSTGRES_18');
    expect(await connector.loginToken({ instance: name })).toMatchObject({ token: expect.any(String) });
    expect(await connector.databaseUser({ instance: name, engine: 'POSTGRES' })).toBe('app@demo-shop.iam');
  });
});

describe('a PSC endpoint of an instance', () => {
  it('is dialled by its name', async () => {
    expect(await dialled(instance, { ipType: 'PSC' })).toBe(`${instance} PSC`);
  });

  it('is an address that not every instance has', async () => {
    await expect(dialled(stock, { ipType: 'PSC' })).rejects.toMatchObject({ code: 'CLOUDSQL_NO_ADDRESS' });
  });
});
