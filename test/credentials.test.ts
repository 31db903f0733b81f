import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { type CredentialFileOptions, type Emulator, startEmulator } from '@x/cloudsql-emulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogInRequest, LogInResult } from './log-in.ts';

// Each form of credentials up to `select current_user`, with no cloud: the emulator's own endpoints where the file names
// them, and those of googleapis.com, captured, where it does not.

const run = promisify(execFile);
const program = new URL('log-in.ts', import.meta.url).pathname;
// Not demo-: those projects exist only under the emulator's own variable.
const instance = 'shop:europe-west1:orders';
const app = 'app@shop.iam.gserviceaccount.com';
const appUser = 'app@shop.iam';
const ada = 'ada@example.com';
const runner = 'runner@shop.iam.gserviceaccount.com';
const middle = 'middle@shop.iam.gserviceaccount.com';
const loginScope = 'https://www.googleapis.com/auth/sqlservice.login';

let cloud: Emulator;
let folder: string;

beforeAll(async () => {
  cloud = await startEmulator({
    principals: [
      { email: app },
      { email: ada },
      { email: middle, roles: [], tokenCreators: [ada] },
      { email: runner, tokenCreators: [middle, app] },
    ],
    instances: [{ name: instance, databases: ['orders'], users: [{ email: app }, { email: ada }, { email: runner }] }],
  });
  folder = await mkdtemp(path.join(os.tmpdir(), 'credentials-'));
});

afterAll(async () => {
  await cloud.close();
  await rm(folder, { recursive: true, force: true });
});

type Environment = Record<string, string | undefined>;

/** Logs in from a process of its own. */
async function logIn(environment: Environment, request: Partial<LogInRequest> = {}): Promise<LogInResult> {
  const { stdout } = await run(process.execPath, [program, JSON.stringify({ instance, ...request })], {
    env: { ...process.env, ...environment },
    timeout: 30_000,
  });
  return JSON.parse(stdout) as LogInResult;
}

/** Variables for a client whose https is captured, with this file as its default credentials. */
function captured(file: string): Environment {
  return { ...cloud.googleEnv(app, { intercept: true }), GOOGLE_APPLICATION_CREDENTIALS: file };
}

const forms: [
  what: string,
  file: (options?: CredentialFileOptions) => string,
  user: string,
  explanation: Record<string, unknown>,
][] = [
  ['a service account key', (options) => cloud.serviceAccountFile(app, options), appUser, { kind: 'service_account' }],
  ['a user', (options) => cloud.authorizedUserFile(ada, options), ada, { kind: 'authorized_user' }],
  [
    'federation by file',
    (options) => cloud.credentialsFile(middle, { impersonate: runner, ...options }),
    'runner@shop.iam',
    { kind: 'external_account', impersonates: [runner] },
  ],
  [
    'federation by URL',
    (options) => cloud.credentialsFile(middle, { source: 'URL', impersonate: runner, ...options }),
    'runner@shop.iam',
    { kind: 'external_account', impersonates: [runner] },
  ],
  [
    'federation by a program',
    (options) => cloud.credentialsFile(middle, { source: 'EXECUTABLE', impersonate: runner, ...options }),
    'runner@shop.iam',
    { kind: 'external_account', impersonates: [runner] },
  ],
  [
    'a service account that a user acts as, through another',
    (options) => cloud.impersonatedFile(ada, { target: runner, delegates: [middle], ...options }),
    'runner@shop.iam',
    { kind: 'impersonated_service_account', impersonates: [middle, runner] },
  ],
];

describe.each(forms)('%s logs in', (_, file, user, explanation) => {
  const allow = { GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES: '1' };

  it('through googleapis.com, as Application Default Credentials', async () => {
    const name = file({ endpoints: 'GOOGLE' });
    const result = await logIn({ ...captured(name), ...allow });
    expect(result.error).toBeUndefined();
    expect(result.user).toBe(user);
    expect(result.explanation).toMatchObject({
      ...explanation,
      source: `the file ${name}, which GOOGLE_APPLICATION_CREDENTIALS names`,
      universeDomain: 'googleapis.com',
      loginScopes: [loginScope],
      loginTokenNarrowed: 'YES',
    });
  });

  it('through the endpoints that it names, as the option keyFile', async () => {
    const connector = { endpoints: { sqlAdmin: cloud.url }, credentials: { keyFile: file() } };
    expect(await logIn(allow, { connector })).toMatchObject({ user, explanation });
  });

  it('as the option json', async () => {
    const json = await readFile(file(), 'utf8');
    const connector = { endpoints: { sqlAdmin: cloud.url }, credentials: { json, trustExternalAccount: true } };
    expect(await logIn(allow, { connector })).toMatchObject({ user, explanation });
  });
});

it('the principal of each is known where it has one', async () => {
  const { explanation } = await logIn(captured(cloud.authorizedUserFile(ada, { endpoints: 'GOOGLE' })));
  expect(explanation).toMatchObject({
    principal: ada,
    apiScopes: expect.arrayContaining(['https://www.googleapis.com/auth/cloud-platform']),
  });
});

it('the metadata server is asked for narrow tokens', async () => {
  const { user, explanation } = await logIn(cloud.metadataEnv(runner), {
    connector: { endpoints: { sqlAdmin: cloud.url } },
  });
  expect(user).toBe('runner@shop.iam');
  expect(explanation).toMatchObject({
    kind: 'metadata_server',
    source: expect.stringContaining('because GOOGLE_APPLICATION_CREDENTIALS is not set and'),
    principal: runner,
    loginScopes: [loginScope],
    loginTokenNarrowed: 'REQUESTED',
  });
});

it("gcloud's own file comes before the metadata server", async () => {
  const config = path.join(folder, 'gcloud');
  await mkdir(config);
  const file = path.join(config, 'application_default_credentials.json');
  await writeFile(file, await readFile(cloud.authorizedUserFile(ada), 'utf8'));
  const result = await logIn(
    { ...cloud.metadataEnv(runner), CLOUDSDK_CONFIG: config },
    { connector: { endpoints: { sqlAdmin: cloud.url } } },
  );
  expect(result).toMatchObject({
    user: ada,
    explanation: { source: expect.stringContaining(`the file ${file} of \`gcloud auth application-default login\``) },
  });
});

describe('the option impersonate', () => {
  const endpoints = (): object => ({ sqlAdmin: cloud.url, iamCredentials: cloud.url });

  it.each([
    ['as text', `${middle},${runner}`],
    ['as target and delegates', { target: runner, delegates: [middle] }],
  ])('%s', async (_, impersonate) => {
    const credentials = { keyFile: cloud.authorizedUserFile(ada) };
    const result = await logIn({}, { connector: { endpoints: endpoints(), credentials, impersonate } });
    expect(result).toMatchObject({
      user: 'runner@shop.iam',
      explanation: { principal: runner, impersonates: [middle, runner], loginTokenNarrowed: 'YES' },
    });
  });

  it('goes to googleapis.com', async () => {
    const file = cloud.serviceAccountFile(app, { endpoints: 'GOOGLE' });
    expect(await logIn(captured(file), { connector: { impersonate: runner } })).toMatchObject({
      user: 'runner@shop.iam',
    });
  });

  it('works with the emulator variable', async () => {
    const environment = { CLOUDSQL_EMULATOR_HOST: cloud.host, CLOUDSQL_EMULATOR_PRINCIPAL: app };
    expect(await logIn(environment, { connector: { impersonate: runner } })).toMatchObject({
      user: 'runner@shop.iam',
    });
  });

  it('is refused, with the role to grant, where a link of the chain is missing', async () => {
    const credentials = { keyFile: cloud.authorizedUserFile(ada) };
    const { error } = await logIn({}, { connector: { endpoints: endpoints(), credentials, impersonate: runner } });
    expect(error).toMatchObject({
      code: 'CLOUDSQL_IMPERSONATION_DENIED',
      message: expect.stringContaining('Grant roles/iam.serviceAccountTokenCreator'),
    });
  });
});

describe('the gcloud CLI', () => {
  /** A gcloud that answers as the real one does; `login` is what its `sql generate-login-token` does. */
  async function gcloud(name: string, login: string): Promise<string> {
    const bin = path.join(folder, name);
    await mkdir(bin);
    const token = (scope: string): Promise<string> => tokenOf(ada, scope);
    const expiry = new Date(Date.now() + 3_600_000).toISOString();
    const config = {
      credential: {
        access_token: await token('https://www.googleapis.com/auth/cloud-platform'),
        token_expiry: expiry,
      },
      configuration: { properties: { core: { account: ada }, billing: { quota_project: 'shop' } } },
    };
    const script = `#!/bin/sh
case "$1 $2" in
  'config config-helper') echo '${JSON.stringify(config)}';;
  'sql generate-login-token') ${login.replace('TOKEN', await token(loginScope))};;
  *) exit 2;;
esac
`;
    await writeFile(path.join(bin, 'gcloud'), script);
    await chmod(path.join(bin, 'gcloud'), 0o755);
    return bin;
  }

  async function tokenOf(email: string, scope: string): Promise<string> {
    const answer = await fetch(`${cloud.url}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: email,
        scope,
      }),
    });
    return ((await answer.json()) as { access_token: string }).access_token;
  }

  const request = { connector: { credentials: { gcloud: true } as const } };

  it('gives a narrow login token', async () => {
    const bin = await gcloud('good', 'echo TOKEN');
    const result = await logIn({ ...captured(''), PATH: `${bin}:${process.env.PATH}` }, request);
    expect(result).toMatchObject({
      user: ada,
      explanation: { kind: 'gcloud', principal: ada, quotaProject: 'shop', loginTokenNarrowed: 'YES' },
    });
  });

  it('gives a whole one where it is too old for that, which is told', async () => {
    const bin = await gcloud('old', "echo 'ERROR: (gcloud.sql) Invalid choice' >&2; exit 2");
    const result = await logIn({ ...captured(''), PATH: `${bin}:${process.env.PATH}` }, request);
    expect(result).toMatchObject({
      user: ada,
      explanation: { loginTokenNarrowed: 'NO', note: expect.stringContaining('Invalid choice') },
    });
  });
});

describe('a GoogleAuth of the caller', () => {
  it.each(['google-auth-library-9', 'google-auth-library-10', 'google-auth-library'])('of %s', async (authLibrary) => {
    const file = cloud.serviceAccountFile(app, { endpoints: 'GOOGLE' });
    const { user, explanation } = await logIn(captured(file), { authLibrary });
    expect(user).toBe(appUser);
    expect(explanation).toMatchObject({
      principal: app,
      loginTokenNarrowed: 'NO',
      note: expect.stringContaining('one set of scopes'),
    });
  });
});

describe('under NODE_TLS_REJECT_UNAUTHORIZED=0', () => {
  /** Variables that send https to a server whose certificate nobody has reason to trust. */
  function forged(file: string): Environment {
    return { ...captured(file), NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_EXTRA_CA_CERTS: undefined };
  }

  /** Calls that got through TLS. */
  function received(): string[] {
    return Object.keys(cloud.statistics().calls).filter((name) => name !== 'connect' && name !== 'subjectToken');
  }

  it.each(forms)('a forged endpoint receives nothing from %s', async (_, file) => {
    cloud.resetStatistics();
    const environment = { ...forged(file({ endpoints: 'GOOGLE' })), GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES: '1' };
    const { error } = await logIn(environment);
    expect(error).toMatchObject({ code: 'CLOUDSQL_TOKEN_FAILED', message: expect.stringContaining('certificate') });
    expect(cloud.statistics().calls.connect).toBeGreaterThan(0);
    expect(received()).toEqual([]);
  });

  it('nor anything of what is impersonated', async () => {
    cloud.resetStatistics();
    const connector = { impersonate: runner, endpoints: { sqlAdmin: cloud.url } };
    const environment = { ...forged(cloud.serviceAccountFile(app)) };
    expect((await logIn(environment, { connector })).error).toMatchObject({ code: 'CLOUDSQL_TOKEN_FAILED' });
    expect(received()).toEqual(['token']);
  });

  it.each(['google-auth-library-9', 'google-auth-library-10', 'google-auth-library'])(
    'a GoogleAuth of %s is refused before it sends anything',
    async (authLibrary) => {
      cloud.resetStatistics();
      const { error } = await logIn(forged(cloud.serviceAccountFile(app, { endpoints: 'GOOGLE' })), { authLibrary });
      expect(error).toMatchObject({ code: 'CLOUDSQL_UNCHECKED_TLS' });
      expect(cloud.statistics().calls).toEqual({});
    },
  );

  it('though it would have sent its secret, left to itself', async () => {
    cloud.resetStatistics();
    const environment = forged(cloud.serviceAccountFile(app, { endpoints: 'GOOGLE' }));
    const script = `import { GoogleAuth } from 'google-auth-library';
      await new GoogleAuth({ scopes: '${loginScope}', projectId: 'x' }).getAccessToken();`;
    await run(process.execPath, ['--input-type=module', '-e', script], {
      cwd: import.meta.dirname,
      env: { ...process.env, ...environment },
    });
    expect(received()).toEqual(['token']);
  });
});
