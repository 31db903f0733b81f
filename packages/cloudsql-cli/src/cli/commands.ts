import type { Command } from 'commander';
import type { CliContext } from './context.ts';

/**
 * A module of `src/commands/`. Loading one must be quick, because `--help` and completion do it: what is heavy, core
 * and the emulator above all, is imported in the action.
 */
export interface CommandModule {
  /**
   * Adds arguments, options and help to the command, and its action, which throws where it fails and otherwise sets
   * `context.exitCode` if that is not to be 0.
   */
  define(command: Command, context: CliContext): void;
}

interface CommandRow {
  /** One line for the list of commands. */
  readonly summary: string;
  readonly load: () => Promise<CommandModule>;
}

/** Every command, in the order of the help. */
export const commands: Readonly<Record<string, CommandRow>> = {
  proxy: {
    summary: 'serve instances on local ports and sockets, in place of Google’s two proxies',
    load: () => import('../commands/proxy.ts'),
  },
  exec: {
    summary: 'run a command that finds the database in its environment',
    load: () => import('../commands/exec.ts'),
  },
  connect: {
    summary: 'open psql or mysql on a database, or a tunnel for other clients',
    load: () => import('../commands/connect.ts'),
  },
  doctor: {
    summary: 'say what keeps a connection from working, and what mends it',
    load: () => import('../commands/doctor.ts'),
  },
  'login-token': {
    summary: 'print a token that an IAM user logs in with',
    load: () => import('../commands/login-token.ts'),
  },
  emulator: {
    summary: 'run a local Cloud SQL and AlloyDB',
    load: () => import('../commands/emulator.ts'),
  },
  completion: {
    summary: 'print a script that completes commands and options in your shell',
    load: () => import('../commands/completion.ts'),
  },
};
