import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { DnsRecords, Emulator } from '../src/index.ts';
import { getToken } from './client.ts';
import { APP, NOBODY, ORDERS, startTestEmulator } from './setup.ts';

const CLUSTER = 'projects/demo-shop/locations/europe-west1/clusters/main';
const READER = `${CLUSTER}/instances/reader`;
const name = 'orders.shop.example';

let cloud: Emulator;
let resolver: Resolver;
beforeAll(async () => {
  cloud = await startTestEmulator({
    instances: [
      { name: ORDERS, pscEnabled: true },
      { name: READER, pscEnabled: true },
    ],
  });
  resolver = new Resolver({ timeout: 200, tries: 1 });
  resolver.setServers([cloud.dns.server]);
});
afterEach(() => cloud.faults.clear());
afterAll(() => cloud.close());

describe('the resolver', () => {
  test('answers with the records of each type, in the chunks that they have', async () => {
    const long = 'x'.repeat(300);
    cloud.dns.set(name, { TXT: ['b', long, ['two ', 'chunks']], A: ['127.0.0.2', '127.0.0.3'], AAAA: '::1', ttl: 7 });
    expect(await resolver.resolveTxt(name)).toEqual([['b'], ['x'.repeat(255), 'x'.repeat(45)], ['two ', 'chunks']]);
    expect(await resolver.resolve4(name, { ttl: true })).toEqual([
      { address: '127.0.0.2', ttl: 7 },
      { address: '127.0.0.3', ttl: 7 },
    ]);
    expect(await resolver.resolve6(name)).toEqual(['::1']);
  });

  test('follows a name that stands for another, and shows it', async () => {
    cloud.dns.set(name, { TXT: 'here', A: '127.0.0.9' });
    cloud.dns.set('alias.example', { CNAME: name });
    expect(await resolver.resolveCname('alias.example')).toEqual([name]);
    expect(await resolver.resolveTxt('alias.example')).toEqual([['here']]);
    expect(await resolver.resolve4('Alias.Example')).toEqual(['127.0.0.9']);
  });

  test('sends what is too long for a datagram over TCP', async () => {
    const records = Array.from({ length: 40 }, (_, i) => `record ${i} ${'x'.repeat(100)}`);
    cloud.dns.set(name, { TXT: records });
    expect((await resolver.resolveTxt(name)).flat()).toEqual(records);
  });

  test('tells a name that it does not know from a type that a name has not', async () => {
    cloud.dns.set(name, { TXT: 'x' });
    await expect(resolver.resolveTxt('nobody.example')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    await expect(resolver.resolve4(name)).rejects.toMatchObject({ code: 'ENODATA' });
    cloud.dns.set(name, undefined);
    await expect(resolver.resolve4(name)).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  test.each([
    ['NXDOMAIN', 'ENOTFOUND'],
    ['SERVFAIL', 'ESERVFAIL'],
    ['REFUSED', 'EREFUSED'],
    ['SILENT', 'ETIMEOUT'],
  ] as const)('fails with %s as long as it is told to', async (fault, code) => {
    cloud.dns.set(name, { TXT: 'x' });
    cloud.faults.dns(name, fault);
    await expect(resolver.resolveTxt(name)).rejects.toMatchObject({ code });
    cloud.faults.dns(name, undefined);
    expect(await resolver.resolveTxt(name)).toEqual([['x']]);
    cloud.faults.dns('*', fault);
    await expect(resolver.resolveTxt(name)).rejects.toMatchObject({ code });
  });

  test('counts the look-ups', async () => {
    cloud.dns.set(name, { TXT: 'x' });
    cloud.resetStatistics();
    await Promise.all([
      resolver.resolveTxt(name),
      resolver.resolveTxt(name),
      resolver.resolveCname(name).catch(() => {}),
    ]);
    expect(cloud.dns.queries()).toEqual({ [`${name} TXT`]: 2, [`${name} CNAME`]: 1 });
  });

  test('survives what is no query', async () => {
    const [host = '', port = ''] = cloud.dns.server.split(':');
    const udp = createSocket('udp4');
    for (const bytes of ['', 'x', '\0'.repeat(12), '\xff'.repeat(600)]) {
      await new Promise((done) => udp.send(Buffer.from(bytes, 'latin1'), Number(port), host, done));
    }
    udp.close();
    const tcp = connect(Number(port), host);
    const closed = new Promise((done) => tcp.on('error', () => {}).once('close', done));
    tcp.write(Buffer.alloc(10_000, 0xff));
    await closed;
    cloud.dns.set(name, { TXT: 'alive' });
    expect(await resolver.resolveTxt(name)).toEqual([['alive']]);
  });

  test.each([
    [{ TXT: 1 }, 'dns.records.TXT: must be an array'],
    [{ SRV: 'x' }, "dns.records: unknown key 'SRV'"],
    [{ A: '' }, 'dns.records.A: must be a non-empty string'],
    [{ CNAME: 'a.example', A: '127.0.0.1' }, 'cannot hold CNAME and other records'],
    [{ TXT: 'x', ttl: -1 }, 'dns.records.ttl: must be a whole number of seconds'],
  ])('refuses the records %j', (records, message) => {
    expect(() => cloud.dns.set(name, records as DnsRecords)).toThrow(message);
  });
});

describe('Private Service Connect', () => {
  async function get(path: string, email = APP): Promise<{ status: number; body: Record<string, unknown> }> {
    const headers = { authorization: `Bearer ${await getToken(cloud, email)}` };
    const response = await fetch(`${cloud.url}${path}`, { headers });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  const settings = '/sql/v1beta4/projects/demo-shop/instances/orders/connectSettings';

  test('an instance of Cloud SQL tells the name of its endpoint, which leads to an address of its own', async () => {
    const psc = cloud.dns.namesOf(ORDERS).PSC!;
    expect(psc).toMatch(/^[0-9a-f]{12}\.[0-9a-f]{12}\.europe-west1\.sql-psc\.goog$/);
    const { body } = await get(settings);
    expect(body).toMatchObject({
      pscEnabled: true,
      dnsName: `${psc}.`,
      dnsNames: [{ name: `${psc}.`, connectionType: 'PRIVATE_SERVICE_CONNECT', dnsScope: 'INSTANCE' }],
      ipAddresses: [{ type: 'PRIMARY' }, { type: 'PRIVATE' }],
    });
    const [address] = await resolver.resolve4(psc);
    const others = (body.ipAddresses as { ipAddress: string }[]).map(({ ipAddress }) => ipAddress);
    expect(address).toMatch(/^127\./);
    if (new Set(others).size === 2) expect(others).not.toContain(address);
  });

  test('an instance of AlloyDB tells it, too', async () => {
    const psc = cloud.dns.namesOf(READER);
    const { body } = await get(`/v1beta/${READER}/connectionInfo`);
    expect(body.pscDnsName).toBe(`${psc.PSC}.`);
    expect(Object.keys(psc)).toEqual(['PSC']);
  });

  test('a fault takes it away', async () => {
    cloud.faults.metadata(ORDERS, { withoutAddresses: ['PSC'] });
    const { body } = await get(settings);
    expect(body.pscEnabled).toBe(false);
    expect(body.dnsNames).toBeUndefined();
  });

  test.each(['PRIMARY', 'PRIVATE', 'PSC'] as const)(
    'resolveConnectSettings finds the instance by its %s name',
    async (type) => {
      const own = cloud.dns.namesOf(ORDERS)[type]!;
      const { status, body } = await get(`/sql/v1beta4/locations/europe-west1/dns/${own}.:resolveConnectSettings`);
      expect([status, body.connectionName]).toEqual([200, ORDERS]);
    },
  );

  test('resolveConnectSettings refuses unknown names, and whoever may not know', async () => {
    const path = (dns: string): string => `/sql/v1beta4/locations/europe-west1/dns/${dns}.:resolveConnectSettings`;
    expect((await get(path('a.b.europe-west1.sql.goog'))).status).toBe(404);
    expect((await get(path(cloud.dns.namesOf(ORDERS).PSC!), NOBODY)).status).toBe(403);
  });
});
