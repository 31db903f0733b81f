import { parseArgs, styleText } from 'node:util';
import { startEmulator } from '@x/cloudsql-emulator';
import { generate } from '@x/example-prisma/migrate';
import { type Refusal, type Row, refuseThenGrant, runPrograms } from './demo.ts';
import { heading, line } from './table.ts';

const { values: options } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
type Target = Parameters<typeof runPrograms>[0];

const ipTypes = ['PUBLIC', 'PRIVATE'] as const;
const newcomer = 'newcomer@demo-shop.iam.gserviceaccount.com';

const say = (text: string): void => {
  if (!options.json) console.log(text);
};

await generate();
process.exitCode = process.env.INSTANCE_CONNECTION_NAME ? await onGoogleCloud() : await onEmulator();

/** A real instance: credentials are Application Default Credentials, and no user is created or refused. */
async function onGoogleCloud(): Promise<number> {
  const { INSTANCE_CONNECTION_NAME: instance = '', DB_NAME, DB_IAM_USER, PRIVATE_IP } = process.env;
  const target = { instance, database: DB_NAME || 'orders', user: DB_IAM_USER || undefined };
  say(`\n${styleText('bold', instance)}\n`);
  const held = await table(target, PRIVATE_IP ? ['PRIVATE'] : ['PUBLIC']);
  say('\nThe refused login is left out: it would need a principal of yours without a database user.\n');
  return held ? 0 : 1;
}

/** The emulator: real TLS, real certificates, a real PostgreSQL; only Google is local. */
async function onEmulator(): Promise<number> {
  const started = performance.now();
  const instance = 'demo-shop:europe-west1:orders';
  const app = 'app@demo-shop.iam.gserviceaccount.com';
  const cloud = await startEmulator({
    principals: [{ email: app }, { email: newcomer }],
    instances: [
      { name: instance, databases: ['orders'], users: [{ email: app, databaseRoles: ['cloudsqlsuperuser'] }] },
    ],
  });
  try {
    Object.assign(process.env, cloud.env);
    const ready = Math.round(performance.now() - started);
    say(`\n${styleText('bold', instance)} in the emulator at ${cloud.host}, ready in ${ready} ms\n`);
    const target = { instance, database: 'orders' };
    const held = await table(target, ipTypes);
    const refusal = await refuseThenGrant(cloud, { ...target, ipType: 'PUBLIC' }, newcomer);
    if (options.json) console.log(JSON.stringify(refusal));
    else tell(refusal);
    return held && refusal.refused && refusal.allowedAfterGrant ? 0 : 1;
  } finally {
    await cloud.close();
  }
}

async function table(target: Target, types: readonly Row['ipType'][]): Promise<boolean> {
  say(heading());
  return runPrograms(target, types, (row) => console.log(options.json ? JSON.stringify(row) : line(row)));
}

function tell({ refused, code, message, allowedAfterGrant }: Refusal): void {
  const mark = (good: boolean): string => (good ? styleText('green', '✓') : styleText('red', '✗'));
  say(`\nA principal without a database user, ${newcomer}:`);
  say(`${mark(refused)} ${refused ? `refused: ${code} ${message}` : 'was let in'}`);
  say(
    `${mark(allowedAfterGrant)} ${allowedAfterGrant ? 'the same program succeeds once the user exists' : 'still refused after the user was created'}\n`,
  );
}
