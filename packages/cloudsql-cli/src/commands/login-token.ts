import type { Engine } from '@x/cloudsql-core';
import { type Command, Option } from 'commander';
import { addConnectorFlags, type ConnectorFlags } from '../cli/connector-flags.ts';
import type { CliContext } from '../cli/context.ts';
import { withConnector } from '../cli/open-connector.ts';
import { during } from '../cli/progress.ts';
import { UsageError } from '../cli/usage-error.ts';
import { type CheckedToken, checkedToken } from '../token/checked-token.ts';
import { readIfThere, writePrivate } from '../token/private-file.ts';
import { pgpassText, tokenFormats, tokenJson, tokenVariables } from '../token/token-text.ts';

interface TokenFlags extends ConnectorFlags {
  readonly instance?: string;
  readonly format: (typeof tokenFormats)[number];
  readonly engine: string;
  readonly user?: string;
  readonly output?: string;
  readonly host?: string;
  readonly port: string;
  readonly database: string;
}

const help = `
The token is the password of an IAM database user, for about an hour: treat it
like one. It is checked before it is printed. The connection must be encrypted,
because the token goes over it as it is:

  export PGPASSWORD="$(cloudsql login-token)"
  psql 'host=203.0.113.7 sslmode=require user=app@my-project.iam dbname=orders'

  eval "$(cloudsql login-token --format env)"    # PGUSER, PGPASSWORD, PGSSLMODE
  cloudsql login-token --format pgpass --output ~/.pgpass --host 203.0.113.7
  cloudsql login-token --format json | jq .expiresAt

Through \`cloudsql connect\`, \`exec\` and \`proxy\` no token is needed.`;

/** Adds the flags and the action of `cloudsql login-token`. */
export function define(command: Command, context: CliContext): void {
  addConnectorFlags(
    command
      .option('--instance <instance>', 'the instance; one of AlloyDB asks for another scope than Cloud SQL')
      .addOption(new Option('--format <format>', 'what to print').choices(tokenFormats).default('token'))
      .addOption(
        new Option('--engine <engine>', 'decides how the user is called')
          .choices(['postgres', 'mysql'])
          .default('postgres'),
      )
      .option('-U, --user <name>', 'the database user, where the credentials do not tell')
      .option('-o, --output <file>', 'write to this file, which only you can read, instead of stdout')
      .option('--host <host>', 'pgpass: the address that clients connect to')
      .option('--port <port>', 'pgpass: the port that clients connect to', '5432')
      .option('--database <name>', 'pgpass: the database; * is any', '*'),
  )
    .addHelpText('after', help)
    .action(async (flags: TokenFlags) => {
      checkFlags(flags);
      const engine: Engine = flags.engine === 'mysql' ? 'MYSQL' : 'POSTGRES';
      const token = await withConnector(flags, (connector) =>
        during(context, 'Getting a token', checkedToken(connector, { instance: flags.instance, engine })),
      );
      const known = flags.user === undefined ? token : { ...token, user: flags.user };
      const { loginTokenNarrowed: narrowed, note } = token.credentials;
      if (narrowed === 'NO' && note) context.stderr.write(`warning: the token opens more than databases. ${note}\n`);
      if (!token.checked)
        context.stderr.write('warning: nobody can be asked about a token of this kind; it was not checked.\n');
      await print(known, flags, engine, context);
    });
}

function checkFlags({ format, output, host }: TokenFlags): void {
  if (format !== 'pgpass') {
    if (host !== undefined) throw new UsageError('--host is about --format pgpass', 'Leave it out.');
    return;
  }
  if (output === undefined) {
    throw new UsageError('A password file is not printed', 'Name it with --output, for example ~/.pgpass.');
  }
  if (host === undefined) {
    throw new UsageError(
      '--format pgpass needs the address of the server',
      'Add --host; * is any, which libpq takes, too.',
    );
  }
}

async function print(token: CheckedToken, flags: TokenFlags, engine: Engine, { stdout }: CliContext): Promise<void> {
  const { format, output, host = '*', port, database } = flags;
  if (format === 'pgpass' && output !== undefined) {
    return writePrivate(output, pgpassText(await readIfThere(output), token, { host, port, database }));
  }
  const text =
    format === 'json' ? tokenJson(token) : format === 'env' ? tokenVariables(token, engine) : `${token.token}\n`;
  if (output === undefined) stdout.write(text);
  else await writePrivate(output, text);
}
