import type { Emulator, EnvironmentFormat } from '@x/cloudsql-emulator';
import { type Command, Option } from 'commander';
import { runChild, StartFailure } from '../child/run-child.ts';
import type { CliContext } from '../cli/context.ts';
import { Failure } from '../cli/failure.ts';
import { booleanOption } from '../cli/go-arguments.ts';
import { printError } from '../cli/print-error.ts';
import { during } from '../cli/progress.ts';
import { refuseUnseparated } from '../cli/separator.ts';
import { untilSignal } from '../cli/until-signal.ts';
import { UsageError } from '../cli/usage-error.ts';
import { addEmulatorFlags, type EmulatorFlags, emulatorOptions, start } from '../emulator/emulator-flags.ts';
import { startScreen } from '../emulator/start-screen.ts';
import { readPort } from '../session/stable-port.ts';

/** Where the control plane is unless somebody says otherwise; in the way of no other emulator of Google's. */
const usualPort = 9307;

const formats = ['sh', 'fish', 'pwsh', 'dotenv', 'json'] as const satisfies readonly EnvironmentFormat[];

const help = `
Without --config there is a service account, and instances of projects that
begin with demo- are made when somebody asks for them: PostgreSQL 18, with the
database that was asked for.

Examples:
  cloudsql emulator --config emulator.yaml
  cloudsql emulator --import ./seed --export-on-exit ./seed
  cloudsql emulator exec -- npm test
  eval "$(cloudsql emulator env-init)"`;

/** Adds the flags, the action and the commands of `cloudsql emulator`. */
export function define(command: Command, context: CliContext): void {
  // Flags behind the name of a command are that command's.
  addEmulatorFlags(command.enablePositionalOptions())
    .option('-p, --port <port>', `the port of the APIs; 0 is any free one (default: ${usualPort})`, readPort)
    .addHelpText('after', help)
    .allowExcessArguments()
    .action(async (flags: EmulatorFlags & { readonly port?: number }) => {
      const [stray] = command.args;
      if (stray !== undefined) {
        const commands = command.commands.map((each) => each.name()).join(' and ');
        throw new UsageError(
          `cloudsql emulator has no command ${stray}`,
          `Without a command it starts one; there are ${commands}.`,
        );
      }
      context.exitCode = await serve(flags, context);
    });
  addEmulatorFlags(command.command('exec').summary('run a command with an emulator of its own'))
    .usage('[options] -- <command...>')
    .description('Start an emulator, run a command that is sent to it, stop, and return the exit code of the command.')
    .argument('<command...>', 'the command and its arguments, behind --')
    .addOption(booleanOption('--intercept', 'send clients of Google that know of no emulator to it as well'))
    .action(async (words: readonly string[], flags: EmulatorFlags & { readonly intercept?: boolean }) => {
      refuseUnseparated(command);
      context.exitCode = await exec(words, flags, context);
    });
  command
    .command('env-init')
    .summary('print the variables that send programs to the running emulator')
    .description('Print the variables that send programs to the emulator that was started last.')
    .addOption(
      new Option('--format <format>', 'for which shell or program')
        .choices(formats)
        .default(context.env.SHELL?.endsWith('/fish') ? 'fish' : 'sh'),
    )
    .action(async ({ format }: { readonly format: EnvironmentFormat }) => {
      const { findEmulators, formatEnvironment } = await import('@x/cloudsql-emulator');
      const [latest] = await findEmulators();
      if (!latest) throw new Failure('No emulator is running', 'Start one with `cloudsql emulator`.');
      context.stdout.write(formatEnvironment(latest.env, format));
    });
}

async function serve(
  { port, ...flags }: EmulatorFlags & { readonly port?: number },
  context: CliContext,
): Promise<number> {
  const { publishEmulator } = await import('@x/cloudsql-emulator');
  const options = await emulatorOptions(flags);
  const started = performance.now();
  const over = new AbortController();
  const ended = untilSignal(over.signal);
  try {
    const cloud = await startUnless(ended, { ...options, port: port ?? options.port ?? usualPort }, context);
    if (typeof cloud === 'number') return cloud;
    try {
      const withdraw = await publishEmulator(cloud);
      try {
        context.stdout.write(startScreen(cloud, performance.now() - started));
        return await ended;
      } finally {
        await withdraw();
      }
    } finally {
      await during(context, 'Stopping', cloud.close());
    }
  } finally {
    over.abort();
  }
}

/** Starts an emulator. Told to end meanwhile, it stops what it has started by then, and returns the exit code. */
async function startUnless(
  ended: Promise<number>,
  options: Parameters<typeof start>[0],
  context: CliContext,
): Promise<Emulator | number> {
  const starting = start(options);
  const first = await during(context, 'Starting the emulator', Promise.race([starting, ended]));
  // What fails now fails unheard: nobody wants it any more.
  if (typeof first === 'number')
    await during(
      context,
      'Stopping',
      starting.then((cloud) => cloud.close()).catch(() => {}),
    );
  return first;
}

async function exec(
  [program = '', ...args]: readonly string[],
  flags: EmulatorFlags & { readonly intercept?: boolean },
  context: CliContext,
): Promise<number> {
  const options = await emulatorOptions(flags);
  const over = new AbortController();
  const cloud = await startUnless(untilSignal(over.signal), options, context).finally(() => over.abort());
  if (typeof cloud === 'number') return cloud;
  try {
    return await runChild({ command: program, args, env: { ...context.env, ...environmentOf(cloud, flags) } });
  } catch (error) {
    if (!(error instanceof StartFailure)) throw error;
    printError(error, context);
    return error.exitCode;
  } finally {
    await cloud.close();
  }
}

function environmentOf(
  cloud: Emulator,
  { intercept }: { readonly intercept?: boolean },
): Readonly<Record<string, string>> {
  // Google's own variables are left alone unless they are asked for: with them nothing else of Google can be reached.
  return intercept ? { ...cloud.env, ...cloud.googleEnv(cloud.defaultPrincipal, { intercept: true }) } : cloud.env;
}
