import type { Connector } from '@x/cloudsql-core';
import { type Command, Option } from 'commander';
import { runChild, StartFailure } from '../child/run-child.ts';
import { addConnectorFlags, type ConnectorFlags } from '../cli/connector-flags.ts';
import type { CliContext } from '../cli/context.ts';
import { Failure } from '../cli/failure.ts';
import { booleanOption } from '../cli/go-arguments.ts';
import { withConnector } from '../cli/open-connector.ts';
import { during } from '../cli/progress.ts';
import { untilSignal } from '../cli/until-signal.ts';
import { UsageError } from '../cli/usage-error.ts';
import { addLoginFlags, type LoginFlags, type Target, targetOf } from '../login/login-flags.ts';
import { clientOf } from '../session/client.ts';
import { type LocalAuth, type LocalPlace, type LocalSession, openLocalSession } from '../session/local-session.ts';
import { readPort, stablePort } from '../session/stable-port.ts';
import { describeTunnel, tunnelEvent } from '../session/tunnel-text.ts';
import { variablesOf, withoutMisleading } from '../session/variables.ts';

interface ConnectFlags extends ConnectorFlags, LoginFlags {
  readonly tunnel?: boolean;
  readonly port?: number;
  readonly auth?: LocalAuth;
  readonly json?: boolean;
}

const help = `
Without --tunnel it starts psql, mysql or sqlcmd, which has to be installed, and
ends as that ends. With --tunnel it opens a port of this machine, the same each
time for the same instance, says how clients reach it, and keeps it open until
Ctrl-C.

Examples:
  cloudsql connect my-project:europe-west1:orders --database orders
  cloudsql connect my-project:europe-west1:orders -d orders \\
    -- --command 'select count(*) from orders'
  cloudsql connect my-project:europe-west1:orders -d orders --tunnel`;

/** Adds the arguments, the flags and the action of `cloudsql connect`. */
export function define(command: Command, context: CliContext): void {
  addConnectorFlags(
    addLoginFlags(
      command
        .usage('[options] <instance> [-- arguments of the client]')
        .argument('<instance>', 'project:region:instance, the name of an AlloyDB instance, or a DNS name')
        .argument('[arguments...]', 'arguments of the client, behind --')
        .addOption(booleanOption('--tunnel', 'keep a port open for other clients instead'))
        .option('-p, --port <port>', 'the port of the tunnel; 0 is any free one', readPort)
        .addOption(
          new Option(
            '--auth <who>',
            'who may use the tunnel: your own processes (peer, Linux), who has the password (secret), anybody (none)',
          ).choices(['peer', 'secret', 'none']),
        )
        .addOption(booleanOption('--json', 'say how the tunnel is reached as one line of JSON')),
    ),
  )
    .addHelpText('after', help)
    .action(async (instance: string, args: readonly string[], flags: ConnectFlags) => {
      const stray = (['port', 'auth', 'json'] as const).find((name) => flags[name] !== undefined);
      if (!flags.tunnel && stray) throw new UsageError(`--${stray} is about a tunnel`, 'Add --tunnel.');
      if (flags.tunnel && args.length > 0)
        throw new UsageError('A tunnel starts no client', 'Leave out what is behind --.');
      const target = await targetOf(instance, flags, context.env);
      context.exitCode = await withConnector(flags, (connector) =>
        flags.tunnel ? tunnel(connector, target, flags, context) : interactive(connector, target, args, context),
      );
    });
}

async function interactive(
  connector: Connector,
  target: Target,
  args: readonly string[],
  context: CliContext,
): Promise<number> {
  const session = await open(connector, target, {}, context);
  try {
    const env = { ...withoutMisleading(context.env), ...variablesOf(session) };
    const { command, args: own, readsVariables } = clientOf(session);
    return await runChild({ command, args: [...(readsVariables ? [] : own), ...args], env, interactive: true });
  } catch (error) {
    if (!(error instanceof StartFailure)) throw error;
    throw new Failure(error.message, 'Install it, or add --tunnel and use another client.', error);
  } finally {
    await session.close();
  }
}

async function tunnel(
  connector: Connector,
  target: Target,
  { port, auth, json }: ConnectFlags,
  context: CliContext,
): Promise<number> {
  const { instance } = target.connection;
  // What needs no password stays the same line for ever; only Linux can tell whose process a client is.
  const who = auth ?? (process.platform === 'linux' ? 'peer' : 'secret');
  const session = await open(connector, target, { port: port ?? stablePort(instance), auth: who }, context);
  try {
    // Whoever reads the output may end it at once.
    const ended = untilSignal();
    context.stdout.write(json ? tunnelEvent(instance, session) : describeTunnel(instance, session, who));
    return await ended;
  } finally {
    await session.close();
  }
}

function open(connector: Connector, target: Target, place: LocalPlace, context: CliContext): Promise<LocalSession> {
  const opening = openLocalSession(connector, target, place);
  return during(context, `Connecting to ${target.connection.instance}`, opening);
}
