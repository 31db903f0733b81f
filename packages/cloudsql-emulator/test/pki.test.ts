import { randomInt, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { PeerCertificate } from 'node:tls';
import { checkServerIdentity } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Emulator, InstanceOptions } from '../src/index.ts';
import { adminUrl, closing, dial, dialReady, getAccess, getToken, query } from './client.ts';
import { APP, APP_USER, ORDERS, STOCK, startTestEmulator } from './setup.ts';

const CAS = 'demo-shop:europe-west1:cas';
const NEIGHBOUR = 'demo-shop:europe-west1:neighbour';
const CUSTOMER = 'demo-shop:europe-west1:customer';
const users = [{ email: APP }];
// Random, so that two runs on one machine do not meet.
const SHARED = `127.45.${randomInt(256)}.${randomInt(1, 255)}`;
const addresses = { PRIMARY: SHARED, PRIVATE: SHARED };

let cloud: Emulator;
beforeAll(async () => {
  const instances: InstanceOptions[] = [
    { name: CAS, users, serverCaMode: 'GOOGLE_MANAGED_CAS_CA' },
    { name: NEIGHBOUR, serverCaMode: 'GOOGLE_MANAGED_CAS_CA', addresses: { PRIVATE: null } },
    {
      name: CUSTOMER,
      users,
      serverCaMode: 'CUSTOMER_MANAGED_CAS_CA',
      customSubjectAlternativeNames: ['db.example.com'],
    },
    { name: ORDERS, users, addresses },
    { name: STOCK, users, databases: ['stock'], addresses },
  ];
  cloud = await startTestEmulator({ instances });
});
afterAll(() => cloud.close());

interface Settings {
  readonly serverCaMode: string;
  readonly dnsName?: string;
  readonly dnsNames?: readonly { readonly name: string; readonly connectionType: string }[];
  readonly serverCaCert: { readonly cert: string };
}

async function settingsOf(instance: string): Promise<Settings> {
  const headers = { authorization: `Bearer ${await getToken(cloud, APP)}` };
  return (await (await fetch(adminUrl(cloud, instance, 'connectSettings'), { headers })).json()) as Settings;
}

async function certificateOf(instance: string): Promise<PeerCertificate> {
  const socket = await dialReady(await getAccess(cloud, instance, { email: APP }));
  const certificate = socket.getPeerCertificate();
  socket.destroy();
  return certificate;
}

const subjectsIn = (pem: string) =>
  pem
    .match(/-----BEGIN[\s\S]+?END CERTIFICATE-----/g)!
    .map((each) => /CN=(.*)/.exec(new X509Certificate(each).subject)?.[1]);
const config = { user: APP_USER, database: 'postgres' };

describe('a server of a certificate authority service', () => {
  test.each([
    [CAS, 'GOOGLE_MANAGED_CAS_CA', ['Google Cloud SQL Subordinate CA', 'Google Cloud SQL Root CA']],
    [CUSTOMER, 'CUSTOMER_MANAGED_CAS_CA', ['Customer Subordinate CA', 'Customer Root CA']],
  ])('has DNS names and no common name, below a subordinate authority and a root (%s)', async (name, mode, chain) => {
    const settings = await settingsOf(name);
    expect(settings.serverCaMode).toBe(mode);
    expect(subjectsIn(settings.serverCaCert.cert)).toEqual(chain);
    expect(settings.dnsNames).toMatchObject([
      { connectionType: 'PUBLIC', name: expect.stringMatching(/\.europe-west1\.sql\.goog\.$/) },
      { connectionType: 'PRIVATE_SERVICES_ACCESS', name: expect.stringMatching(/\.europe-west1\.sql-psa\.goog\.$/) },
    ]);
    expect(settings.dnsName).toBe(settings.dnsNames?.[0]?.name);
    const certificate = await certificateOf(name);
    expect(certificate.subject.CN).toBeUndefined();
    for (const { name: dnsName } of settings.dnsNames ?? []) {
      expect(checkServerIdentity(dnsName.slice(0, -1), certificate)).toBeUndefined();
      // The connector for Java compares them as they are: with the dot at the end.
      expect(certificate.subjectaltname?.split(', ')).toContain(`DNS:${dnsName}`);
    }
    expect(checkServerIdentity('other.example.com', certificate)?.message).toContain('does not match');
    expect(await query(await getAccess(cloud, name, { email: APP }), config, 'select 1')).toEqual([1]);
  });

  test('has the names that a customer wants besides', async () => {
    expect(checkServerIdentity('db.example.com', await certificateOf(CUSTOMER))).toBeUndefined();
    expect(checkServerIdentity('db.example.com', await certificateOf(CAS))?.message).toContain('does not match');
  });

  test('shares the pool of its region', async () => {
    const [cas, neighbour, customer] = await Promise.all([CAS, NEIGHBOUR, CUSTOMER].map(settingsOf));
    expect(neighbour!.serverCaCert.cert).toBe(cas!.serverCaCert.cert);
    expect(customer!.serverCaCert.cert).not.toBe(cas!.serverCaCert.cert);
  });

  test('needs the root only, as it sends the authority between', async () => {
    const access = await getAccess(cloud, CAS, { email: APP });
    const [, root] = access.serverCa.split(/(?=-----BEGIN)/);
    const socket = await dialReady({ ...access, serverCa: root! });
    expect(socket.authorized).toBe(true);
    socket.destroy();
  });

  test('is known no more after a rotation, until the client knows the new authority', async () => {
    const before = await getAccess(cloud, CAS, { email: APP });
    expect(await query(before, config, 'select 1')).toEqual([1]);
    await cloud.faults.rotateServerCa(CAS);
    await expect(query(before, config, 'select 1')).rejects.toMatchObject({
      code: expect.stringMatching(/UNABLE_TO_|SELF_SIGNED/),
    });
    expect(await query(await getAccess(cloud, CAS, { email: APP }), config, 'select 1')).toEqual([1]);
  });

  test('shows wrong names by fault', async () => {
    await cloud.faults.server(CAS, { serverNames: ['wrong.example.com'] });
    expect(checkServerIdentity('wrong.example.com', await certificateOf(CAS))).toBeUndefined();
    await cloud.faults.clear();
    expect(checkServerIdentity('wrong.example.com', await certificateOf(CAS))?.message).toContain('does not match');
  });
});

describe('instances at one address', () => {
  test('are told apart by the certificate of the client', async () => {
    const [orders, stock] = await Promise.all([ORDERS, STOCK].map((name) => getAccess(cloud, name, { email: APP })));
    expect([...orders!.addresses.values(), ...stock!.addresses.values()]).toEqual(Array(4).fill(SHARED));
    const sql = "select count(*)::int from pg_database where datname = 'stock'";
    expect(await query(orders!, config, sql)).toEqual([0]);
    expect(cloud.connections.at(-1)).toMatchObject({ instance: ORDERS });
    expect(await query(stock!, config, sql)).toEqual([1]);
    expect(cloud.connections.at(-1)).toMatchObject({ instance: STOCK });
  });

  test('show one certificate that is right for each', async () => {
    for (const name of [ORDERS, STOCK]) {
      const access = await getAccess(cloud, name, { email: APP });
      const { dnsName = '' } = await settingsOf(name);
      const servername = dnsName.slice(0, -1);
      const socket = dial(access, 'PRIMARY', { servername, checkServerIdentity });
      await once(socket, 'secureConnect');
      expect(socket.authorized).toBe(true);
      socket.destroy();
    }
  });

  test('are dropped one by one', async () => {
    const [orders, stock] = await Promise.all([ORDERS, STOCK].map((name) => getAccess(cloud, name, { email: APP })));
    const sockets = await Promise.all([dialReady(orders!), dialReady(stock!)]);
    await vi.waitFor(() => expect(cloud.statistics().connections.open).toBe(2));
    expect(cloud.dropConnections(STOCK)).toBe(1);
    await closing(sockets[1]!);
    expect(sockets[0]!.destroyed).toBe(false);
    sockets[0]!.destroy();
  });

  test('of an AlloyDB cluster cannot be told apart', async () => {
    const instances = ['one', 'two'].map((id) => ({
      name: `projects/demo-shop/locations/europe-west1/clusters/main/instances/${id}`,
      addresses: { PRIMARY: null, PRIVATE: `127.46.${randomInt(256)}.1` },
    }));
    instances[1]!.addresses = instances[0]!.addresses;
    await expect(startTestEmulator({ instances })).rejects.toMatchObject({
      code: 'ADDRESS_UNAVAILABLE',
      message: expect.stringContaining('with another instance of its cluster'),
    });
  });
});

test('a certificate that was revoked opens nothing more', async () => {
  const access = await getAccess(cloud, CUSTOMER, { email: APP });
  expect(await query(access, config, 'select 1')).toEqual([1]);
  cloud.faults.revokeCertificate(new X509Certificate(access.cert).serialNumber);
  await expect(query(access, config, 'select 1')).rejects.toThrow();
  expect(cloud.connections.at(-1)).toMatchObject({ state: 'refused', refusal: 'client certificate was revoked' });
  expect(await query(await getAccess(cloud, CUSTOMER, { email: APP }), config, 'select 1')).toEqual([1]);
  expect(() => cloud.faults.revokeCertificate('00')).toThrow('serial: must be that of a certificate that was issued');
});
