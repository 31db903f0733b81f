import type { Connector } from '@x/cloudsql-core';
import type { Command } from 'commander';
import { runChild, StartFailure } from '../child/run-child.ts';
import { addConnectorFlags, type ConnectorFlags } from '../cli/connector-flags.ts';
import type { CliContext } from '../cli/context.ts';
import { booleanOption } from '../cli/go-arguments.ts';
import { withConnector } from '../cli/open-connector.ts';
import { printError } from '../cli/print-error.ts';
import { during } from '../cli/progress.ts';
import { refuseUnseparated } from '../cli/separator.ts';
import { UsageError } from '../cli/usage-error.ts';
import { readPrefixed } from '../login/instance-argument.ts';
import { addLoginFlags, type LoginFlags, targetOf } from '../login/login-flags.ts';
import { type LocalPlace, type LocalSession, openLocalSession } from '../session/local-session.ts';
import { type Field, fields, prefixed, variablesOf, withoutMisleading } from '../session/variables.ts';

interface ExecFlags extends ConnectorFlags, LoginFlags {
  readonly instance?: readonly string[];
  readonly set?: readonly string[];
  readonly tcp?: boolean;
}

const help = `
The command finds the database by DATABASE_URL and by PGHOST, PGPORT, PGUSER and
PGDATABASE; one of MySQL by MYSQL_HOST, MYSQL_UNIX_PORT, MYSQL_USER and
MYSQL_DATABASE. They lead to a Unix socket that only you can open, and no
password is needed there. The socket goes when the command ends. Its exit code
is returned: 128 and the number of the signal where one ended it, 127 where it
was not found.

Examples:
  cloudsql exec my-project:europe-west1:orders --database orders \\
    -- npx prisma migrate deploy
  cloudsql exec my-project:europe-west1:orders --database orders \\
    -- pg_dump --format custom --file orders.dump
  cloudsql exec my-project:europe-west1:orders \\
    --set DB_HOST=host --set DB_USER=user -- ./import.sh
  cloudsql exec my-project:europe-west1:orders \\
    --instance 'BILLING=my-project:europe-west1:billing?database=billing' \\
    -- node copy.js    # gets BILLING_DATABASE_URL, BILLING_PGHOST, … as well`;

/** Adds the arguments, the flags and the action of `cloudsql exec`. */
export function define(command: Command, context: CliContext): void {
  const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  addConnectorFlags(
    addLoginFlags(
      command
        .usage('[options] <instance> -- <command...>')
        .argument('<instance>', 'project:region:instance, the name of an AlloyDB instance, or a DNS name')
        .argument('<command...>', 'the command and its arguments, behind --')
        .option('--instance <PREFIX=instance>', 'one more instance, whose variables get the prefix', collect)
        .option('--set <NAME=field>', `one more variable: ${fields.join(', ')}`, collect)
        .addOption(booleanOption('--tcp', 'a TCP port with a password, for want of Unix sockets')),
    ),
  )
    .addHelpText('after', help)
    .action(async (instance: string, [program = '', ...args]: string[], flags: ExecFlags) => {
      refuseUnseparated(command);
      context.exitCode = await withConnector(flags, (connector) =>
        exec({ connector, instance, program, args, flags, context }),
      );
    });
}

interface Exec {
  readonly connector: Connector;
  readonly instance: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly flags: ExecFlags;
  readonly context: CliContext;
}

async function exec({ connector, instance, program, args, flags, context }: Exec): Promise<number> {
  const place: LocalPlace = flags.tcp ? { port: 0 } : {};
  const sessions: LocalSession[] = [];
  const open = async (argument: string): Promise<LocalSession> => {
    const target = await targetOf(argument, flags, context.env);
    const opening = openLocalSession(connector, target, place);
    const session = await during(context, `Connecting to ${target.connection.instance}`, opening);
    sessions.push(session);
    return session;
  };
  try {
    const first = await open(instance);
    let variables = variablesOf(first);
    for (const each of flags.instance ?? []) {
      const { prefix, argument } = readPrefixed(each);
      variables = { ...variables, ...prefixed(prefix, variablesOf(await open(argument))) };
    }
    for (const each of flags.set ?? []) variables = { ...variables, ...chosen(each, first) };
    return await runChild({ command: program, args, env: { ...withoutMisleading(context.env), ...variables } });
  } catch (error) {
    if (!(error instanceof StartFailure)) throw error;
    printError(error, context);
    return error.exitCode;
  } finally {
    await Promise.all(sessions.map((session) => session.close()));
  }
}

function chosen(text: string, session: LocalSession): Readonly<Record<string, string>> {
  const [, name, field] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(text) ?? [];
  if (name !== undefined && fields.includes(field as Field)) return { [name]: session[field as Field] ?? '' };
  throw new UsageError(`--set ${text} names no field`, `It is NAME=field, and fields are ${fields.join(', ')}.`);
}
