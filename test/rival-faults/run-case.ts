// A process for one case: `node run-case.ts <ours|google> <case>`. Faults that crash or hang need one of their own.

import dns from 'node:dns';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import type { Bench, RemoteCloud, RivalCase, RivalConnector } from './case.ts';

const [, , whose = '', file = ''] = process.argv;
const { default: rivalCase } = (await import(`./cases/${file}`)) as { default: RivalCase };

const { Connector } = (whose === 'ours'
  ? await import('@x/cloudsql-core/google')
  : createRequire(import.meta.url)('@google-cloud/cloud-sql-connector')) as unknown as {
  Connector: new (options: object) => RivalConnector;
};
const {
  RIVAL_URL: sqlAdminAPIEndpoint,
  RIVAL_INSTANCE: instanceConnectionName = '',
  RIVAL_IAM_USER = '',
  RIVAL_OTHER_INSTANCE = '',
  RIVAL_DOMAIN = '',
  RIVAL_DNS = '',
} = process.env;

dns.setServers([RIVAL_DNS]);

let calls = 0;
function ask(method: keyof RemoteCloud, args: unknown[]): Promise<unknown> {
  const id = ++calls;
  return new Promise((resolve, reject) => {
    const hear = (answer: { id: number; error?: string; value?: unknown }): void => {
      if (answer.id !== id) return;
      process.off('message', hear);
      if (answer.error === undefined) resolve(answer.value);
      else reject(new Error(answer.error));
    };
    process.on('message', hear);
    process.send?.({ id, method, args });
  });
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rival-'));
process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }));

const bench: Bench = {
  cloud: new Proxy({} as RemoteCloud, {
    get:
      (_, method) =>
      (...args: unknown[]) =>
        ask(method as 'calls', args),
  }),
  connector: new Connector({ sqlAdminAPIEndpoint }),
  name: { instanceConnectionName },
  domain: { domainName: RIVAL_DOMAIN },
  instance: instanceConnectionName,
  otherInstance: RIVAL_OTHER_INSTANCE,
  socketPath: path.join(folder, '.s.PGSQL.5432'),
  hurry() {
    const slow = setTimeout;
    globalThis.setTimeout = ((run: () => void, ms = 0, ...rest: []) => slow(run, ms / 20, ...rest)) as typeof slow;
    const slowly = setInterval;
    globalThis.setInterval = ((run: () => void, ms = 0) => slowly(run, ms / 20)) as typeof slowly;
  },
  iamUser: RIVAL_IAM_USER,
  async login({ stream }, config) {
    const login = config ?? { user: 'native', password: 'correct horse' };
    const client = new pg.Client({ stream, database: 'orders', ...login });
    client.on('error', () => {});
    await client.connect();
    return client;
  },
};

await rivalCase.run(bench);
process.disconnect();
if (!rivalCase.endsByItself) process.exit();
