import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { Connector } from '@x/cloudsql-core';
import type { Emulator } from '@x/cloudsql-emulator';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { type Alter, type AlteredApi, type Json, over, startAlteredApi } from './altered-api.ts';
import { app, setEnv, startCloud } from './cloud.ts';

// The Admin API, as a proxy or a bad day could alter it: an emulator's own answers, changed on their way.

const instance = 'shop:europe-west1:orders';

let cloud: Emulator;
let api: AlteredApi;

beforeAll(async () => {
  cloud = await startCloud({ instances: [{ name: instance, users: [{ email: app }] }] });
  // Google's own variables, so that the endpoint is an option and the API is not known to be an emulator's.
  setEnv(cloud.googleEnv(app));
  api = await startAlteredApi(cloud);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await api[Symbol.asyncDispose]();
  await cloud.close();
});

beforeEach(() => api.reset());

const settings = (values: Json): Alter => over('connectSettings', values);
const certificate = (cert: unknown): Alter => over('generateEphemeralCert', { ephemeralCert: { cert } });
const google = (status: number, error: Json): Alter => {
  return (method) =>
    method === 'connectSettings' ? { status, body: { error: { code: status, ...error } } } : undefined;
};
const expired = '-----BEGIN CERTIFICATE-----\nMIIBejCCASGgAwIBAgIUZr\n-----END CERTIFICATE-----\n';

const bad = 'CLOUDSQL_BAD_API_ANSWER';

const rows: [what: string, alter: Alter, code: string, message: RegExp][] = [
  ['HTML', () => ({ body: '<html>sign in</html>' }), bad, /something other than JSON.*no proxy alters/],
  ['a list', () => ({ body: [] }), bad, /something other than JSON/],
  ['nothing', () => ({ body: '' }), bad, /something other than JSON/],
  ['half an answer', () => ({ body: '{"region":"europe-w' }), bad, /something other than JSON/],
  ['an empty object', () => ({ body: {} }), bad, /no usable region/],
  ['a region that is no text', settings({ region: 7 }), bad, /no usable region/],
  ['another region', settings({ region: 'us-east1' }), 'CLOUDSQL_REGION_MISMATCH', /us-east1.*Correct the region/],
  [
    'an instance of the first generation',
    settings({ backendType: 'FIRST_GEN' }),
    'CLOUDSQL_UNSUPPORTED_INSTANCE',
    /FIRST_GEN/,
  ],
  ['an external server', settings({ backendType: 'EXTERNAL' }), 'CLOUDSQL_UNSUPPORTED_INSTANCE', /second generation/],
  ['no CA', settings({ serverCaCert: undefined }), bad, /no usable server CA/],
  ['null for a CA', settings({ serverCaCert: null }), bad, /no usable server CA/],
  ['an empty CA', settings({ serverCaCert: { cert: '' } }), bad, /no usable server CA/],
  ['a CA that is no PEM', settings({ serverCaCert: { cert: 'MIIB' } }), bad, /no usable server CA/],
  ['a CA that is no certificate', settings({ serverCaCert: { cert: expired } }), bad, /no usable server CA/],
  ['a CA that is a number', settings({ serverCaCert: { cert: 5 } }), bad, /no usable server CA/],
  ['no addresses', settings({ ipAddresses: undefined }), 'CLOUDSQL_NO_ADDRESS', /Set `ipType`/],
  ['null for addresses', settings({ ipAddresses: null }), 'CLOUDSQL_NO_ADDRESS', /Set `ipType`/],
  [
    'addresses of a kind to come',
    settings({ ipAddresses: [{ type: 'ORBITAL', ipAddress: '127.0.0.1' }] }),
    'CLOUDSQL_NO_ADDRESS',
    /Set `ipType`/,
  ],
  ['an address that is null', settings({ ipAddresses: [null] }), 'CLOUDSQL_NO_ADDRESS', /Set `ipType`/],
  [
    'an address without an address',
    settings({ ipAddresses: [{ type: 'PRIMARY' }] }),
    'CLOUDSQL_NO_ADDRESS',
    /Set `ipType`/,
  ],
  [
    'an address that is no text',
    settings({ ipAddresses: [{ type: 'PRIMARY', ipAddress: 2130706433 }] }),
    'CLOUDSQL_NO_ADDRESS',
    /Set `ipType`/,
  ],
  [
    'only an outgoing address',
    settings({ ipAddresses: [{ type: 'OUTGOING', ipAddress: '127.0.0.1' }] }),
    'CLOUDSQL_NO_ADDRESS',
    /Set `ipType`/,
  ],
  [
    'no certificate',
    over('generateEphemeralCert', { ephemeralCert: undefined }),
    bad,
    /no usable ephemeral certificate/,
  ],
  ['an empty certificate', certificate(''), bad, /no usable ephemeral certificate/],
  ['a certificate that is no PEM', certificate('hello'), bad, /no usable ephemeral certificate/],
  ['a certificate that is none', certificate(expired), bad, /no usable ephemeral certificate/],
  ['a certificate that is a list', certificate([]), bad, /no usable ephemeral certificate/],
  [
    'that the API is not enabled',
    google(403, { message: 'Not used in project 7 before.', errors: [{ reason: 'accessNotConfigured' }] }),
    'CLOUDSQL_API_DISABLED',
    /project 7 before.*gcloud services enable sqladmin/,
  ],
  [
    'so in the newer way',
    google(403, { message: 'Disabled.', details: [{ reason: 'SERVICE_DISABLED' }] }),
    'CLOUDSQL_API_DISABLED',
    /gcloud services enable sqladmin/,
  ],
  [
    'that the principal may not',
    google(403, { message: 'The client is not authorized.', errors: [{ reason: 'notAuthorized' }] }),
    'CLOUDSQL_PERMISSION_DENIED',
    /not authorized.*roles\/cloudsql\.client/,
  ],
  [
    'that there is no such instance',
    google(404, { message: 'The Cloud SQL instance does not exist.' }),
    'CLOUDSQL_INSTANCE_NOT_FOUND',
    /does not exist.*gcloud sql instances list/,
  ],
  ['a refusal without a reason', () => ({ status: 403, body: '' }), 'CLOUDSQL_PERMISSION_DENIED', /answered 403/],
  [
    'an error whose fields are of no use',
    () => ({ status: 403, body: { error: { message: 7, errors: null, details: [null] } } }),
    'CLOUDSQL_PERMISSION_DENIED',
    /answered 403/,
  ],
  [
    'an error that is a text',
    () => ({ status: 400, body: { error: 'bad_request' } }),
    'CLOUDSQL_API_ERROR',
    /answered 400/,
  ],
  ['a conflict', google(409, { message: 'Operation in progress.' }), 'CLOUDSQL_API_ERROR', /Operation in progress/],
  [
    'a redirect',
    () => ({ status: 302, headers: { Location: 'http://127.0.0.1:9/' } }),
    'CLOUDSQL_API_ERROR',
    /answered 302/,
  ],
];

const final = /^CLOUDSQL_(?!BAD_API_ANSWER)/;

it.each(rows)('an API that answers with %s is reported, and not asked again', async (_, how, code, message) => {
  api.alter = how;
  await using connector = connect();
  const error = (await connector.connect({ instance }).catch((reason: unknown) => reason)) as Error;
  expect(error).toMatchObject({
    code,
    instance,
    retryable: !final.test(code),
    message: expect.stringMatching(message),
  });
  // An instance without the address that is wanted may have got one meanwhile: that is looked up once more, behind the error.
  expect(Math.max(...Object.values(api.calls))).toBeLessThanOrEqual(code === 'CLOUDSQL_NO_ADDRESS' ? 2 : 1);
});

it.each([
  ['breaks off', (() => 'CUT') as Alter],
  ['is out of order', google(502, { message: 'Bad Gateway' })],
])('an API that %s is asked again, and reported in the end', async (_, how) => {
  api.alter = how;
  await using connector = connect();
  await expect(connector.connect({ instance })).rejects.toMatchObject({
    name: 'RefreshError',
    retryable: true,
    instance,
  });
  expect(Math.max(...Object.values(api.calls))).toBe(5);
});

it('an API where nobody listens is reported with the port to open', async () => {
  const free = net.createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address() as AddressInfo;
  await new Promise((resolve) => free.close(resolve));
  await using connector = connect(`http://127.0.0.1:${port}`);
  await expect(connector.connect({ instance })).rejects.toMatchObject({
    code: 'CLOUDSQL_API_UNREACHABLE',
    retryable: true,
    message: expect.stringMatching(/127\.0\.0\.1:\d+ cannot be reached: connect ECONNREFUSED.*egress .* port 443/),
    cause: expect.objectContaining({ code: 'ECONNREFUSED' }),
  });
});

it('an answer with more in it than is known today is understood', async () => {
  api.alter = (_, body) => ({
    body: {
      ...body,
      novelty: { deep: [1] },
      ipAddresses: body.ipAddresses && [{ type: 'ORBITAL' }, ...(body.ipAddresses as []), null],
      dnsNames: [null, {}],
    },
  });
  await using connector = connect();
  const socket = await connector.connect({ instance });
  expect(socket.getProtocol()).toBe('TLSv1.3');
  socket.destroy();
});

it('a version that is no text does not pass for any engine', async () => {
  api.alter = settings({ databaseVersion: 17 });
  await using connector = connect();
  await expect(connector.connect({ instance, engine: 'POSTGRES' })).rejects.toMatchObject({
    code: 'CLOUDSQL_ENGINE_MISMATCH',
  });
});

it('a driver of another engine is told so, with both', async () => {
  api.alter = settings({ databaseVersion: 'MYSQL_8_4' });
  await using connector = connect();
  await expect(connector.connect({ instance, engine: 'POSTGRES' })).rejects.toMatchObject({
    name: 'ConfigError',
    code: 'CLOUDSQL_ENGINE_MISMATCH',
    message: expect.stringMatching(/speaks POSTGRES, the instance runs MYSQL_8_4/),
  });
});

function connect(sqlAdmin = api.url): Connector {
  return new Connector({ endpoints: { sqlAdmin } });
}
