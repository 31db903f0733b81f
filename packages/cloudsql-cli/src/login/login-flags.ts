import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from '@x/cloudsql-core';
import { type Command, Option } from 'commander';
import { addPathFlags, ipTypeOf, type PathFlags } from '../cli/connector-flags.ts';
import type { CliContext } from '../cli/context.ts';
import { UsageError } from '../cli/usage-error.ts';
import { readInstanceArgument } from './instance-argument.ts';

/** The flags that say who logs in where. */
export interface LoginFlags extends PathFlags {
  readonly database?: string;
  readonly user?: string;
  readonly authType?: string;
  readonly passwordFile?: string;
  readonly passwordVariable?: string;
}

/** One database, and who logs in to it. */
export interface Target {
  readonly connection: ConnectionOptions;
  readonly database: string | undefined;
}

/** Adds {@link LoginFlags} to a command. */
export function addLoginFlags(command: Command): Command {
  return addPathFlags(
    command
      .option('-d, --database <name>', 'the database (default: postgres, master, of MySQL none)')
      .option('-U, --user <name>', 'the database user (default: who the credentials stand for)')
      .addOption(
        new Option('--auth-type <type>', 'how the user logs in (default: iam)').choices([
          'iam',
          'iam-manual',
          'password',
        ]),
      )
      .option('--password-file <path>', 'a file with the password of a built-in user')
      .option('--password-variable <name>', 'the variable that holds this password'),
  );
}

/**
 * Where an instance argument and the flags lead. What stands behind the name beats the flags.
 * @throws UsageError
 */
export async function targetOf(argument: string, flags: LoginFlags, env: CliContext['env']): Promise<Target> {
  const { instance, parameters } = readInstanceArgument(argument);
  const authType = (parameters.authType ?? flags.authType)?.replace('-', '_').toUpperCase();
  const user = parameters.user ?? flags.user;
  const ipType = parameters.ipType?.toUpperCase() ?? ipTypeOf(flags);
  const password = await passwordOf(flags, env);
  return {
    connection: {
      instance,
      ...(ipType === undefined ? {} : { ipType }),
      ...(authType === undefined ? {} : { authType }),
      ...(user === undefined ? {} : { user }),
      ...(password === undefined ? {} : { password }),
    },
    database: parameters.database ?? flags.database,
  };
}

async function passwordOf(flags: LoginFlags, env: CliContext['env']): Promise<string | undefined> {
  const { passwordFile: file, passwordVariable: variable } = flags;
  if (file !== undefined && variable !== undefined) {
    throw new UsageError('--password-file and --password-variable contradict each other', 'Keep one of the two.');
  }
  if (variable !== undefined) {
    const value = env[variable];
    if (value) return value;
    throw new UsageError(`--password-variable names ${variable}, which is not set`, 'Set it, or leave the flag out.');
  }
  if (file === undefined) return undefined;
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`--password-file: ${file} cannot be read (${error.code})`, 'Correct its path or permissions.');
  });
  // Editors end the last line.
  const password = text.replace(/\r?\n$/, '');
  if (password !== '') return password;
  throw new UsageError(`--password-file: ${file} is empty`, 'Write the password into it.');
}
