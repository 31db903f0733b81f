import type { Emulator, InstanceSummary } from '@x/cloudsql-emulator';
import { shellQuote } from '../cli/shell-quote.ts';
import { version } from '../version.ts';

const kinds = {
  SERVICE_ACCOUNT: 'IAM service account',
  USER: 'IAM user',
  GROUP: 'IAM group',
  BUILT_IN: 'password',
} as const satisfies Record<InstanceSummary['users'][number]['kind'], string>;

/** What somebody wants to know who has just started an emulator. */
export function startScreen(cloud: Emulator, readyMs: number): string {
  const { instances } = cloud;
  const [first] = instances;
  const name = first?.name ?? 'demo-shop:europe-west1:orders';
  const database = first?.databases[0] ?? (first ? 'postgres' : 'orders');
  const seconds = (readyMs / 1000).toFixed(1);
  return `The emulator of Cloud SQL and AlloyDB (${version}) is ready at ${cloud.host}, after ${seconds} s.

${instances.length > 0 ? instances.map(instanceText).join('\n') : '  Instances of projects that begin with demo- are made when they are asked for.\n'}
  Who does not say who they are is ${cloud.defaultPrincipal}.

In another terminal:
  eval "$(cloudsql emulator env-init)"
  cloudsql connect ${name} --database ${shellQuote(database)}

Without a shell:
${Object.entries(cloud.env)
  .map(([variable, value]) => `  ${variable}=${value}\n`)
  .join('')}
In a program:
  new pg.Pool(pgOptions({ instance: '${name}', database: '${database}' }))    // @x/cloudsql-core/pg

Ctrl-C ends it.
`;
}

function instanceText({ name, databaseVersion, databases, users, addresses }: InstanceSummary): string {
  const rows = [
    ['addresses', Object.entries(addresses).map(([type, address]) => `${type} ${address}`)],
    ['databases', databases],
    ['users', users.map(({ name: user, kind }) => `${user} (${kinds[kind]})`)],
  ] as const;
  const shown = rows.filter(([, values]) => values.length > 0);
  return `  ${name}  ${databaseVersion}\n${shown.map(([title, values]) => `    ${title.padEnd(11)}${values.join(', ')}\n`).join('')}`;
}
