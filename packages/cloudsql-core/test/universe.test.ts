import { generateKeyPairSync } from 'node:crypto';
import net from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { Connector } from '../src/connector.ts';

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const json = {
  type: 'service_account',
  client_email: 'app@shop.iam.gserviceaccount.com',
  private_key: privateKey,
  universe_domain: 'apis-tpc.goog',
};

const cloudSqlInstance = 'shop:europe-west1:orders';
const alloyDbInstance = 'projects/shop/locations/europe-west1/clusters/main/instances/orders';

afterEach(() => {
  vi.unstubAllEnvs();
});

it.each([
  ['the option', { universeDomain: 'apis-tpc.goog' }, {}, 'sqladmin.apis-tpc.goog'],
  ['the environment', {}, { GOOGLE_CLOUD_UNIVERSE_DOMAIN: 'apis-tpc.goog' }, 'sqladmin.apis-tpc.goog'],
  [
    'the option, for who is acted as,',
    { universeDomain: 'apis-tpc.goog', impersonate: 'a@b.iam.gserviceaccount.com' },
    {},
    'iamcredentials.apis-tpc.goog',
  ],
  ['the option, for AlloyDB,', { universeDomain: 'apis-tpc.goog' }, {}, 'alloydb.apis-tpc.goog', alloyDbInstance],
])('the APIs are those of the universe of %s', async (_, options, environment, host, instance = cloudSqlInstance) => {
  const targets: string[] = [];
  // A proxy that lets nobody through sees where they want to go.
  const proxy = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => {
      targets.push(String(data).split('\r\n', 1)[0]!);
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  vi.stubEnv('HTTPS_PROXY', `http://127.0.0.1:${(proxy.address() as net.AddressInfo).port}`);
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const connector = new Connector({ credentials: { json }, ...options });
  const warmup = connector.warmup({ instance });
  warmup.catch(() => {});
  await vi.waitUntil(() => targets.length > 0);
  await connector.close();
  await expect(warmup).rejects.toMatchObject({ code: 'CLOUDSQL_CONNECTOR_CLOSED' });
  proxy.close();
  expect(new Set(targets)).toEqual(new Set([`CONNECT ${host}:443 HTTP/1.1`]));
});
