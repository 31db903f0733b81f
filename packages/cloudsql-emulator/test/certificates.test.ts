import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Emulator } from '../src/index.ts';
import { closing, dial, dialReady, getAccess, query } from './client.ts';
import { ADA, APP, APP_USER, ORDERS, STOCK, startTestEmulator } from './setup.ts';

let cloud: Emulator;
let foreign: Emulator;

beforeAll(async () => {
  const users = [{ email: APP }];
  const instances = [
    { name: ORDERS, databases: ['orders'], users },
    { name: STOCK, users },
  ];
  [cloud, foreign] = await Promise.all([
    startTestEmulator({ instances }),
    startTestEmulator({ instances: [{ name: ORDERS, users }] }),
  ]);
});
afterAll(() => Promise.all([cloud.close(), foreign.close()]));

const config = { user: APP_USER, database: 'postgres' };
const failures = (): Record<string, number> => ({ ...cloud.statistics().connections.tlsFailures });

test('the server shows a certificate for the instance, signed by the authority of its metadata', async () => {
  const socket = await dialReady(await getAccess(cloud, ORDERS, { email: APP }));
  expect(socket.authorized).toBe(true);
  expect(socket.getPeerCertificate().subject.CN).toBe('demo-shop:orders');
  expect(socket.getProtocol()).toBe('TLSv1.3');
  socket.destroy();
});

test('a client without a certificate is refused with an alert', async () => {
  const access = await getAccess(cloud, ORDERS, { email: APP });
  const { cert: _cert, key: _key, ...without } = access;
  const error = await closing(dial({ ...without, cert: '', key: '' }));
  expect(error?.code).toBe('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED');
});

test('TLS 1.2 is refused', async () => {
  const access = await getAccess(cloud, ORDERS, { email: APP });
  const error = await closing(dial(access, 'PRIMARY', { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }));
  expect(error?.code).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
});

test('a certificate of a foreign authority is refused', async () => {
  const access = await getAccess(cloud, ORDERS, { email: APP });
  const { cert } = await getAccess(foreign, ORDERS, { email: APP });
  const before = cloud.connections.length;
  await expect(query({ ...access, cert }, config, 'select 1')).rejects.toThrow();
  await vi.waitFor(() => expect(failures()).toMatchObject({ UNABLE_TO_VERIFY_LEAF_SIGNATURE: 1 }));
  expect(cloud.connections.length).toBe(before);
});

test('a certificate of another instance is refused', async () => {
  const orders = await getAccess(cloud, ORDERS, { email: APP });
  const stock = await getAccess(cloud, STOCK, { email: APP });
  expect(await query(stock, config, 'select 1')).toEqual([1]);
  await expect(query({ ...orders, cert: stock.cert }, config, 'select 1')).rejects.toThrow();
  expect(cloud.connections.at(-1)).toMatchObject({
    state: 'refused',
    instance: ORDERS,
    refusal: `client certificate was issued for ${STOCK}`,
  });
});

test('a certificate is good until it expires, and certificateLifetimeMs says when', async () => {
  cloud.certificateLifetimeMs = 2500;
  const before = Date.now();
  const access = await getAccess(cloud, ORDERS, { email: APP });
  cloud.certificateLifetimeMs = 3_600_000;
  const expires = new X509Certificate(access.cert).validToDate.getTime();
  expect(expires - before).toBeGreaterThan(1000);
  expect(expires - before).toBeLessThanOrEqual(3000);
  expect(await query(access, config, 'select 1')).toEqual([1]);
  expect(cloud.connections.at(-1)?.certificateExpires.getTime()).toBe(expires);
  await delay(expires - Date.now() + 1100);
  await expect(query(access, config, 'select 1')).rejects.toThrow();
  await vi.waitFor(() => expect(failures()).toMatchObject({ CERT_HAS_EXPIRED: 1 }));
});

test('a certificate with an identity never outlives its token', async () => {
  cloud.tokenLifetimeMs = 600_000;
  const withIdentity = await getAccess(cloud, ORDERS, { email: APP });
  const without = await getAccess(cloud, ORDERS, { email: APP, login: false });
  cloud.tokenLifetimeMs = 3_600_000;
  const life = ({ cert }: { cert: string }): number => new X509Certificate(cert).validToDate.getTime() - Date.now();
  expect(life(withIdentity)).toBeLessThanOrEqual(600_000);
  expect(life(withIdentity)).toBeGreaterThan(590_000);
  expect(life(without)).toBeGreaterThan(3_590_000);
});

test('an ephemeral certificate looks like one of Google', async () => {
  const { cert } = await getAccess(cloud, ORDERS, { email: ADA });
  const parsed = new X509Certificate(cert);
  expect(parsed.subject).toBe('C=US\nO=Google\\, Inc\nCN=Google Cloud SQL Client');
  expect(parsed.keyUsage).toContain('1.3.6.1.5.5.7.3.2');
});

test('RSA keys are taken as SPKI and PKCS#1, under either label and in either spelling', async () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const spki = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const pkcs1 = publicKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  const swapped = [spki.replaceAll('PUBLIC KEY', 'RSA PUBLIC KEY'), pkcs1.replaceAll('RSA PUBLIC KEY', 'PUBLIC KEY')];
  for (const field of ['public_key', 'publicKey']) {
    for (const pem of [spki, pkcs1, ...swapped]) {
      const { cert } = await getAccess(cloud, ORDERS, { email: APP, publicKey: pem, field });
      expect(createPublicKey(cert).export({ type: 'spki', format: 'pem' })).toBe(spki);
    }
  }
});
