import { Command, CommanderError } from 'commander';
import { version } from '../version.ts';
import { commands } from './commands.ts';
import { complete } from './complete.ts';
import { type CliContext, wantsColours } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { goArguments, switchValue } from './go-arguments.ts';
import { printError } from './print-error.ts';

/** The parts of the process that the program needs. */
export type Surroundings = Pick<CliContext, 'env' | 'stdout' | 'stderr'> & CliContext['signals'];

/** Runs one command line, without the program's name, and returns the exit code. */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { env, stdout, stderr } = surroundings;
  const context: CliContext = { env, stdout, stderr, signals: surroundings, exitCode: exitCodes.ok };
  try {
    if (args[0] === '__complete') {
      const words = args.slice(1);
      const found = await complete(await programFor(words, context), words);
      stdout.write(found.map((word) => `${word}\n`).join(''));
      return exitCodes.ok;
    }
    const program = await programFor(args, context);
    await program.parseAsync(goArguments(program, args), { from: 'user' });
    return context.exitCode;
  } catch (error) {
    // What commander has to say it has printed.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    return printError(error, context);
  }
}

/** The program with all commands, of which only the one that the words name is loaded. */
async function programFor(words: readonly string[], context: CliContext): Promise<Command> {
  const program = new Command('cloudsql')
    .description('Connect to Google Cloud SQL and AlloyDB: no passwords, no certificates, no IP allow-lists.')
    .version(version, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print help, of a command too')
    .showHelpAfterError('Add --help for help.')
    // So that commands inside of commands can have flags of their own.
    .enablePositionalOptions()
    .configureHelp({ optionTerm: ({ flags }) => flags.replace(switchValue, ''), minWidthToWrap: 20 })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
      getOutHasColors: () => wantsColours(context.stdout, context.env),
      getErrHasColors: () => wantsColours(context.stderr, context.env),
    });
  const named = words.find((word) => word !== 'help');
  for (const [name, { summary, load }] of Object.entries(commands)) {
    const command = program.command(name).summary(summary).description(summary);
    if (name === named) (await load()).define(command, context);
  }
  return program;
}
