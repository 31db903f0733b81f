import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import { CloudSqlError, Connector, type ConnectorOptions } from '@x/cloudsql-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { setEnv } from './cloud.ts';

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

/** Whatever is secret in what follows; none of it may be seen anywhere. */
const secrets = ['s3cr3t-refresh', 's3cr3t-client', 's3cr3t-subject', 's3cr3t-header', 's3cr3t-bearer'];

const serviceAccount = {
  type: 'service_account',
  client_email: 'app@shop.iam.gserviceaccount.com',
  private_key: privateKey,
  private_key_id: 'abc',
};
const user = {
  type: 'authorized_user',
  client_id: 'id',
  client_secret: 's3cr3t-client',
  refresh_token: 's3cr3t-refresh',
};
const federation = {
  type: 'external_account',
  audience: '//iam.googleapis.com/x',
  subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  token_url: 'https://sts.googleapis.com/v1/token',
  credential_source: { file: '/nonexistent/subject-token' },
};
const actAs = 'https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/a@b.iam.gserviceaccount.com';
const impersonated = {
  type: 'impersonated_service_account',
  service_account_impersonation_url: `${actAs}:generateAccessToken`,
  source_credentials: user,
};

const without = (object: object, name: string): object =>
  Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));
const json = (value: unknown, more: object = {}): ConnectorOptions =>
  ({ credentials: { json: value, ...more } }) as ConnectorOptions;
const trusted = (value: object): ConnectorOptions => json(value, { trustExternalAccount: true });
const source = (credential_source: unknown): ConnectorOptions => trusted({ ...federation, credential_source });
const any = (options: object): ConnectorOptions => options as ConnectorOptions;

type Row = [what: string, options: ConnectorOptions, code: string, remedy: RegExp];

const atConstruction: Row[] = [
  ['credentials that are a string', any({ credentials: 'key.json' }), 'CLOUDSQL_INVALID_OPTION', /Pass \{ keyFile \}/],
  ['credentials that are null', any({ credentials: null }), 'CLOUDSQL_INVALID_OPTION', /Pass \{ keyFile \}/],
  ['an empty keyFile', { credentials: { keyFile: '' } }, 'CLOUDSQL_INVALID_OPTION', /Pass \{ keyFile \}/],
  ['a keyFile beside json', any({ credentials: { keyFile: 'a', json: {} } }), 'CLOUDSQL_CONFLICTING_OPTIONS', /one/],
  ['gcloud: false', any({ credentials: { gcloud: false } }), 'CLOUDSQL_INVALID_OPTION', /gcloud: true/],
  ['gcloud beside json', any({ credentials: { gcloud: true, json: {} } }), 'CLOUDSQL_CONFLICTING_OPTIONS', /one/],
  ['an empty access token', { credentials: { accessToken: '' } }, 'CLOUDSQL_INVALID_OPTION', /accessToken/],
  ['a blank access token', { credentials: { accessToken: ' ' } }, 'CLOUDSQL_INVALID_OPTION', /accessToken/],
  [
    'a login token that is undefined',
    any({ credentials: { accessToken: 's3cr3t-bearer', loginToken: undefined } }),
    'CLOUDSQL_INVALID_OPTION',
    /credentials.loginToken/,
  ],
  [
    'an access token to impersonate with',
    { credentials: { accessToken: 's3cr3t-bearer' }, impersonate: 'a@b.iam.gserviceaccount.com' },
    'CLOUDSQL_CONFLICTING_OPTIONS',
    /Pass tokens of the service account itself/,
  ],
  ['json that is undefined', json(undefined), 'CLOUDSQL_INVALID_CREDENTIALS', /Is the variable/],
  ['json that is cut off', json('{"refresh_token": "s3cr3t-refresh'), 'CLOUDSQL_INVALID_CREDENTIALS', /and whole/],
  ['json that is a list', json([]), 'CLOUDSQL_INVALID_CREDENTIALS', /not a JSON object/],
  ['json without a type', json({}), 'CLOUDSQL_INVALID_CREDENTIALS', /`type` is missing/],
  ['a type that is a number', json({ type: 7 }), 'CLOUDSQL_INVALID_CREDENTIALS', /`type` is not a string/],
  ['a type of another kind', json({ type: 'gdch_service_account' }), 'CLOUDSQL_INVALID_CREDENTIALS', /AuthClient/],
  ['a type of every object', json({ type: 'toString' }), 'CLOUDSQL_INVALID_CREDENTIALS', /not supported/],
  ...['client_email', 'private_key'].map(
    (name): Row => [
      `a key without ${name}`,
      json(without(serviceAccount, name)),
      'CLOUDSQL_INVALID_CREDENTIALS',
      /is missing/,
    ],
  ),
  ['a key that is none', json({ ...serviceAccount, private_key: 'x' }), 'CLOUDSQL_INVALID_CREDENTIALS', /PEM/],
  ...['client_id', 'client_secret', 'refresh_token'].map(
    (name): Row => [`a user without ${name}`, json(without(user, name)), 'CLOUDSQL_INVALID_CREDENTIALS', /is missing/],
  ),
  ['federation that nobody vouches for', json(federation), 'CLOUDSQL_UNTRUSTED_CREDENTIALS', /trustExternalAccount/],
  [
    'federation behind an impersonation that nobody vouches for',
    json({ ...impersonated, source_credentials: federation }),
    'CLOUDSQL_UNTRUSTED_CREDENTIALS',
    /trustExternalAccount/,
  ],
  [
    'trust that is a string',
    json(federation, { trustExternalAccount: 'true' }),
    'CLOUDSQL_INVALID_OPTION',
    /trustExternalAccount/,
  ],
  ...['audience', 'subject_token_type', 'credential_source'].map(
    (name): Row => [
      `federation without ${name}`,
      trusted(without(federation, name)),
      'CLOUDSQL_INVALID_CREDENTIALS',
      /is missing/,
    ],
  ),
  ['no source', source({}), 'CLOUDSQL_INVALID_CREDENTIALS', /expected one of/],
  ['two sources', source({ file: 'a', url: 'http://b/' }), 'CLOUDSQL_INVALID_CREDENTIALS', /expected one of/],
  [
    'a source of an unknown format',
    source({ file: 'a', format: { type: 'xml' } }),
    'CLOUDSQL_INVALID_CREDENTIALS',
    /xml/,
  ],
  [
    'a source in JSON without a field',
    source({ file: 'a', format: { type: 'json' } }),
    'CLOUDSQL_INVALID_CREDENTIALS',
    /subject_token_field_name/,
  ],
  ['a source at a file: URL', source({ url: 'file:///etc/passwd' }), 'CLOUDSQL_INVALID_CREDENTIALS', /not an http/],
  ['a program without a command', source({ executable: {} }), 'CLOUDSQL_INVALID_CREDENTIALS', /`command` is missing/],
  [
    'a program that may take a millisecond',
    source({ executable: { command: 'a', timeout_millis: 1 } }),
    'CLOUDSQL_INVALID_CREDENTIALS',
    /from 5000 to 120000/,
  ],
  ['a certificate', source({ certificate: {} }), 'CLOUDSQL_INVALID_CREDENTIALS', /Pass an `AuthClient`/],
  [
    'an AWS metadata server elsewhere',
    source({ environment_id: 'aws1', url: 'https://evil.example/' }),
    'CLOUDSQL_INVALID_CREDENTIALS',
    /not the address of AWS/,
  ],
  ...[
    'http://oauth2.googleapis.com/token',
    'https://oauth2.googleapis.com.evil.example/token',
    'https://evilgoogleapis.com/token',
    'https://evil.example/oauth2.googleapis.com',
    'https://oauth2.googleapis.com:8443/token',
    'https://user:pass@oauth2.googleapis.com/token',
    'https://oauth2.googleapis.com@evil.example/token',
    'https://127.0.0.1.evil.example/token',
    'ftp://127.0.0.1/token',
    'oauth2.googleapis.com/token',
    'javascript:alert(1)',
  ].map(
    (url): Row => [
      `the token URL ${url}`,
      json({ ...user, token_uri: url }),
      'CLOUDSQL_UNTRUSTED_CREDENTIALS',
      /https/,
    ],
  ),
  [
    'a token URL of a key elsewhere',
    json({ ...serviceAccount, token_uri: 'https://evil.example/' }),
    'CLOUDSQL_UNTRUSTED_CREDENTIALS',
    /names https:\/\/evil\.example/,
  ],
  [
    'a token URL of federation elsewhere',
    trusted({ ...federation, token_url: 'https://evil.example/' }),
    'CLOUDSQL_UNTRUSTED_CREDENTIALS',
    /names https:\/\/evil\.example/,
  ],
  [
    'an impersonation URL elsewhere',
    json({ ...impersonated, service_account_impersonation_url: `https://evil.example/${actAs}:generateAccessToken` }),
    'CLOUDSQL_UNTRUSTED_CREDENTIALS',
    /names https:\/\/evil\.example/,
  ],
  [
    'an impersonation URL of federation elsewhere',
    trusted({ ...federation, service_account_impersonation_url: 'https://evil.example/' }),
    'CLOUDSQL_UNTRUSTED_CREDENTIALS',
    /names https:\/\/evil\.example/,
  ],
  [
    'an impersonation URL of nobody',
    json({ ...impersonated, service_account_impersonation_url: 'https://iamcredentials.googleapis.com/v1/x' }),
    'CLOUDSQL_INVALID_CREDENTIALS',
    /names no service account/,
  ],
  [
    'impersonation without a source',
    json(without(impersonated, 'source_credentials')),
    'CLOUDSQL_INVALID_CREDENTIALS',
    /`source_credentials` is missing/,
  ],
  [
    'delegates that are a string',
    json({ ...impersonated, delegates: 'a' }),
    'CLOUDSQL_INVALID_CREDENTIALS',
    /not a list of strings/,
  ],
  ['impersonate: ""', { impersonate: '' }, 'CLOUDSQL_INVALID_OPTION', /an empty string/],
  ['impersonate without an address', { impersonate: 'runner' }, 'CLOUDSQL_INVALID_OPTION', /NAME@PROJECT/],
  ['impersonate with a path', { impersonate: 'a@b.c/../x' }, 'CLOUDSQL_INVALID_OPTION', /NAME@PROJECT/],
  ['impersonate with a gap', { impersonate: 'a@b.co,,c@d.co' }, 'CLOUDSQL_INVALID_OPTION', /delegates\[1\]/],
  ['impersonate: null', any({ impersonate: null }), 'CLOUDSQL_INVALID_OPTION', /got null/],
  ['impersonate without a target', any({ impersonate: {} }), 'CLOUDSQL_INVALID_OPTION', /impersonate\.target/],
  [
    'a misspelt delegate',
    any({ impersonate: { target: 'a@b.co', delegate: [] } }),
    'CLOUDSQL_UNKNOWN_OPTION',
    /`delegates`/,
  ],
  [
    'delegates in one string',
    any({ impersonate: { target: 'a@b.co', delegates: 'c@d.co' } }),
    'CLOUDSQL_INVALID_OPTION',
    /impersonate\.delegates/,
  ],
  ['an empty quota project', { quotaProject: '' }, 'CLOUDSQL_INVALID_OPTION', /quotaProject/],
  ['a user agent of two lines', { userAgent: 'shop\n1' }, 'CLOUDSQL_INVALID_OPTION', /`userAgent` cannot be sent/],
  ['an empty universe', { universeDomain: '' }, 'CLOUDSQL_INVALID_OPTION', /universeDomain/],
  ['a universe that is a URL', { universeDomain: 'https://x.example' }, 'CLOUDSQL_INVALID_OPTION', /not a domain/],
  [
    'an IAM endpoint in clear text',
    { endpoints: { iamCredentials: 'http://iam.example' } },
    'CLOUDSQL_INVALID_OPTION',
    /https URL/,
  ],
];

let folder: string;
let visitors: string[];
let trap: net.Server;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'bad-credentials-'));
  trap = net.createServer((socket) => {
    socket.on('data', (data) => visitors.push(String(data)));
    socket.on('error', () => {});
    socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
  });
  await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve));
});

beforeEach(() => {
  visitors = [];
  // Whatever leaves this process leaves through here.
  const { port } = trap.address() as net.AddressInfo;
  setEnv({ HTTPS_PROXY: `http://127.0.0.1:${port}`, GOOGLE_APPLICATION_CREDENTIALS: '', CLOUDSDK_CONFIG: folder });
  setEnv({ METADATA_SERVER_DETECTION: 'none', GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES: '' });
});

afterEach(() => {
  vi.unstubAllEnvs();
});

afterAll(async () => {
  trap.close();
  await rm(folder, { recursive: true, force: true });
});

function expectTyped(error: unknown, code: string, remedy: RegExp): void {
  expect(error).toBeInstanceOf(CloudSqlError);
  expect(error).toMatchObject({ code, message: expect.stringMatching(remedy) });
  expectNoSecret(error);
}

function expectNoSecret(error: unknown): void {
  const shown = `${(error as Error).stack} ${inspect(error, { depth: 20, showHidden: true })} ${JSON.stringify(error)}`;
  for (const secret of [...secrets, privateKey.slice(40, 80)]) expect(shown).not.toContain(secret);
}

function thrownBy(build: () => unknown): unknown {
  try {
    build();
  } catch (error) {
    return error;
  }
  return undefined;
}

async function rejection(options: ConnectorOptions): Promise<unknown> {
  const connector = new Connector(options);
  try {
    return await connector.explainCredentials().then(
      () => undefined,
      (error: unknown) => error,
    );
  } finally {
    await connector.close();
  }
}

describe('refused at construction', () => {
  it.each(atConstruction)('%s', (_, options, code, remedy) => {
    const error = thrownBy(() => new Connector(options));
    expectTyped(error, code, remedy);
    expect(error).toMatchObject({ retryable: false });
    expect(visitors).toEqual([]);
  });

  it('but not what is right', () => {
    for (const value of [serviceAccount, user, impersonated]) {
      expect(() => new Connector(json(value))).not.toThrow();
      expect(() => new Connector(json(JSON.stringify(value)))).not.toThrow();
    }
    expect(() => new Connector(trusted(federation))).not.toThrow();
    const tpc = json({ ...serviceAccount, token_uri: 'https://oauth2.apis-tpc.goog/token' });
    expect(() => new Connector({ ...tpc, universeDomain: 'apis-tpc.goog' })).not.toThrow();
    expect(() => new Connector(tpc)).toThrow(expect.objectContaining({ code: 'CLOUDSQL_UNTRUSTED_CREDENTIALS' }));
  });

  it('and nothing secret is seen in a connector', () => {
    const shown = inspect(new Connector(json(user)), { depth: 20, showHidden: true });
    for (const secret of secrets) expect(shown).not.toContain(secret);
  });
});

describe('refused at the first token, with nothing sent', () => {
  const rows: [
    what: string,
    prepare: () => Promise<ConnectorOptions> | ConnectorOptions,
    code: string,
    remedy: RegExp,
  ][] = [
    ['nothing at all', () => ({}), 'CLOUDSQL_NO_CREDENTIALS', /gcloud auth application-default login/],
    [
      'a variable that names no file',
      () => {
        setEnv({ GOOGLE_APPLICATION_CREDENTIALS: '/nonexistent/key.json' });
        return {};
      },
      'CLOUDSQL_NO_CREDENTIALS',
      /\/nonexistent\/key\.json cannot be read \(ENOENT\)/,
    ],
    ['a key file that is a folder', () => ({ credentials: { keyFile: folder } }), 'CLOUDSQL_NO_CREDENTIALS', /EISDIR/],
    [
      'a key file that is no JSON',
      async () => ({ credentials: { keyFile: await file('x.json', '{"refresh_token": "s3cr3t-refresh"') } }),
      'CLOUDSQL_INVALID_CREDENTIALS',
      /does not hold a JSON object/,
    ],
    [
      'a key file with a broken key',
      async () => ({
        credentials: {
          keyFile: await file('y.json', JSON.stringify({ ...serviceAccount, private_key: privateKey.slice(0, 300) })),
        },
      }),
      'CLOUDSQL_INVALID_CREDENTIALS',
      /Download the key again/,
    ],
    [
      'a file whose token URL is elsewhere',
      async () => ({
        credentials: { keyFile: await file('z.json', JSON.stringify({ ...user, token_uri: 'https://evil.example' })) },
      }),
      'CLOUDSQL_UNTRUSTED_CREDENTIALS',
      /names https:\/\/evil\.example/,
    ],
    [
      'a universe that is another',
      () => json({ ...serviceAccount, universe_domain: 'apis-tpc.goog' }),
      'CLOUDSQL_UNIVERSE_MISMATCH',
      /Set `universeDomain: 'apis-tpc\.goog'`/,
    ],
    [
      'a universe that the environment changes',
      () => {
        setEnv({ GOOGLE_CLOUD_UNIVERSE_DOMAIN: 'apis-tpc.goog' });
        return json(user);
      },
      'CLOUDSQL_UNIVERSE_MISMATCH',
      /belong to the universe googleapis\.com, the connector works in apis-tpc\.goog/,
    ],
    [
      'a subject token file that is absent',
      () => trusted(federation),
      'CLOUDSQL_TOKEN_FAILED',
      /cannot be read \(ENOENT\)/,
    ],
    [
      'a subject token file that is empty',
      async () => source({ file: await file('empty', '') }),
      'CLOUDSQL_TOKEN_FAILED',
      /There is no subject token/,
    ],
    [
      'a subject token in another field',
      async () =>
        source({
          file: await file('token.json', '{"other": "s3cr3t-subject"}'),
          format: { type: 'json', subject_token_field_name: 'token' },
        }),
      'CLOUDSQL_TOKEN_FAILED',
      /JSON with the field `token` was expected/,
    ],
    [
      'a program that was not allowed',
      () => source({ executable: { command: '/bin/true' } }),
      'CLOUDSQL_UNTRUSTED_CREDENTIALS',
      /Set GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1/,
    ],
    [
      'a program that does not exist, which ends the process in google-auth-library',
      () => program('/nonexistent/program'),
      'CLOUDSQL_TOKEN_FAILED',
      /it does not exist/,
    ],
    ['a program that fails', () => program('/bin/false'), 'CLOUDSQL_TOKEN_FAILED', /it ended with 1/],
    [
      'a program that prints something else',
      () => program('/bin/echo "s3cr3t-subject"'),
      'CLOUDSQL_TOKEN_FAILED',
      /it did not print a token/,
    ],
    [
      'a program that refuses',
      async () =>
        program(`/bin/cat ${await file('no.json', '{"version":1,"success":false,"code":"401","message":"Log in"}')}`),
      'CLOUDSQL_TOKEN_FAILED',
      /it says 401: Log in/,
    ],
    [
      'a program whose token has expired',
      async () =>
        program(
          `/bin/cat ${await file('old.json', '{"version":1,"success":true,"token_type":"urn:ietf:params:oauth:token-type:id_token","id_token":"s3cr3t-subject","expiration_time":1}')}`,
        ),
      'CLOUDSQL_TOKEN_FAILED',
      /has expired/,
    ],
    [
      'gcloud that is not installed',
      () => {
        setEnv({ PATH: '/nonexistent' });
        return { credentials: { gcloud: true } };
      },
      'CLOUDSQL_NO_CREDENTIALS',
      /not found in PATH/,
    ],
    [
      'gcloud that is in the current directory only',
      async () => {
        await gcloud('here', 'echo never');
        vi.spyOn(process, 'cwd').mockReturnValue(path.join(folder, 'here'));
        setEnv({ PATH: `.::${path.join(folder, 'here')}` });
        return { credentials: { gcloud: true } };
      },
      'CLOUDSQL_NO_CREDENTIALS',
      /not found in PATH/,
    ],
    [
      'gcloud that nobody is logged in to',
      async () => {
        setEnv({ PATH: await gcloud('out', "echo 'ERROR: (gcloud.config.config-helper) Log in first.' >&2; exit 1") });
        return { credentials: { gcloud: true } };
      },
      'CLOUDSQL_TOKEN_FAILED',
      /Log in first\. Run `gcloud auth login`/,
    ],
    [
      'gcloud that prints something else',
      async () => {
        setEnv({ PATH: await gcloud('odd', 'echo s3cr3t-bearer') });
        return { credentials: { gcloud: true } };
      },
      'CLOUDSQL_TOKEN_FAILED',
      /it printed no access token/,
    ],
    [
      'a token of two lines',
      () => any({ credentials: { accessToken: 'one\ntwo' } }),
      'CLOUDSQL_TOKEN_FAILED',
      /`credentials.accessToken` holds no token/,
    ],
    [
      'a function that returns nothing',
      () => any({ credentials: { accessToken: () => undefined } }),
      'CLOUDSQL_TOKEN_FAILED',
      /returned no token/,
    ],
    [
      'a function that rejects',
      () => ({ credentials: { accessToken: () => Promise.reject(new Error('vault is sealed')) } }),
      'CLOUDSQL_TOKEN_FAILED',
      /`credentials\.accessToken` failed/,
    ],
    [
      'an AuthClient whose token has expired',
      () =>
        any({
          credentials: {
            getAccessToken: async () => ({ token: 's3cr3t-bearer' }),
            credentials: { expiry_date: Date.now() - 1000 },
          },
        }),
      'CLOUDSQL_TOKEN_FAILED',
      /has expired/,
    ],
  ];

  it.each(rows)('%s', async (_, prepare, code, remedy) => {
    const error = await rejection(await prepare());
    vi.restoreAllMocks();
    expectTyped(error, code, remedy);
    expect(visitors).toEqual([]);
  });

  it('gcloud that never answers, and has children that do not either, within its deadline', async () => {
    setEnv({ PATH: `${await gcloud('slow', 'sleep 60 & sleep 60')}:/bin:/usr/bin` });
    const connector = new Connector({ credentials: { gcloud: true } });
    const started = performance.now();
    const giveUp = AbortSignal.timeout(300);
    await expect(connector.explainCredentials({ signal: giveUp })).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(performance.now() - started).toBeLessThan(30_000);
    await connector.close();
  });

  function program(command: string): ConnectorOptions {
    setEnv({ GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES: '1' });
    return source({ executable: { command } });
  }

  async function file(name: string, content: string): Promise<string> {
    const name_ = path.join(folder, name);
    await writeFile(name_, content);
    return name_;
  }

  async function gcloud(name: string, script: string): Promise<string> {
    const bin = path.join(folder, name);
    await mkdir(bin, { recursive: true });
    await writeFile(path.join(bin, 'gcloud'), `#!/bin/sh\n${script}\n`);
    await chmod(path.join(bin, 'gcloud'), 0o755);
    return bin;
  }
});

describe('a token endpoint that', () => {
  let respond: (request: string) => [status: number, body: string];
  let requests: number;
  let server: http.Server;
  let url: string;

  beforeAll(async () => {
    server = http.createServer((request, response) => {
      let body = '';
      request.on('data', (data) => {
        body += String(data);
      });
      request.on('end', () => {
        requests++;
        const [status, text] = respond(`${body} ${JSON.stringify(request.headers)}`);
        response.writeHead(status, status === 307 ? { Location: url } : {}).end(text);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as net.AddressInfo).port}/token`;
  });

  beforeEach(() => {
    requests = 0;
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const answers: [
    what: string,
    status: number,
    body: (request: string) => string,
    retryable: boolean,
    times: number,
  ][] = [
    [
      'repeats what it was sent',
      400,
      (sent) => JSON.stringify({ error: 'invalid_grant', error_description: decodeURIComponent(sent) }),
      false,
      2,
    ],
    ['answers with HTML', 200, () => '<html>', true, 2],
    ['answers without a token', 200, () => '{}', true, 2],
    ['redirects', 307, () => '', false, 2],
    [
      'revokes',
      400,
      () => '{"error":"invalid_grant","error_description":"Token has been expired or revoked."}',
      false,
      2,
    ],
  ];

  it.each(answers)('%s is reported and not asked again', async (_, status, body, retryable, times) => {
    respond = (sent) => [status, body(sent)];
    const error = await rejection(json({ ...user, token_uri: url }));
    expect(error).toMatchObject({ code: 'CLOUDSQL_TOKEN_FAILED', name: 'RefreshError', retryable });
    expectNoSecret(error);
    // One for each of the two tokens.
    expect(requests).toBeLessThanOrEqual(times);
  });

  it('fails three times and then works gives a token', async () => {
    let left = 3;
    respond = () => (left-- > 0 ? [503, ''] : [200, '{"access_token":"s3cr3t-bearer","expires_in":3600}']);
    const connector = new Connector(json({ ...user, token_uri: url }));
    expect((await connector.loginToken()).token).toBe('s3cr3t-bearer');
    await connector.close();
  });

  it('does not know the login scope gives a whole token, which is told', async () => {
    respond = (sent) =>
      sent.includes('scope=')
        ? [400, '{"error":"invalid_scope"}']
        : [200, '{"access_token":"t","expires_in":3600,"scope":"a b"}'];
    const connector = new Connector(json({ ...user, token_uri: url, account: 'ada@example.com' }));
    expect(await connector.explainCredentials()).toMatchObject({
      principal: 'ada@example.com',
      loginScopes: ['a', 'b'],
      loginTokenNarrowed: 'NO',
      note: expect.stringContaining('run `gcloud auth application-default login` again'),
    });
    await connector.close();
  });

  it('never answers is given up when the connector is closed', async () => {
    respond = () => [200, ''];
    const silent = net.createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as net.AddressInfo;
    const connector = new Connector(json({ ...user, token_uri: `http://127.0.0.1:${port}/token` }));
    const pending = connector.loginToken();
    pending.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 50));
    await connector.close();
    await expect(pending).rejects.toMatchObject({ code: 'CLOUDSQL_CONNECTOR_CLOSED' });
    silent.close();
  });
});
