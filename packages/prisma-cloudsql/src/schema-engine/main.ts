#!/usr/bin/env node
import { type CommandLine, parseCommandLine } from './command-line.ts';
import { log } from './log.ts';
import { installedEngine, versionWarning } from './tested-versions.ts';
import { toUserError } from './user-error.ts';

// The program that the `prisma` command starts in place of its schema engine. What a task needs is loaded by it.

/** How long the shadow database may take to be dropped when the user gives up. */
const closeTimeoutMs = 3000;

async function run(commandLine: CommandLine): Promise<void> {
  switch (commandLine.task) {
    case 'version':
      process.stdout.write(`schema-engine-cli ${installedEngine() ?? 'unknown'} (@x/prisma-cloudsql)\n`);
      return;
    case 'can-connect-to-database':
      // Every command asks this first, of a process of its own, and then for what it is about. Here the latter says as
      // well when there is no connection, so the question is not worth a second certificate and login.
      return;
    case 'create-database': {
      const [{ parseTarget }, { createTarget }] = await Promise.all([import('./target.ts'), import('./databases.ts')]);
      return createTarget(parseTarget(commandLine.datasource.url));
    }
    case 'serve': {
      const [{ serve }, { createEngine }] = await Promise.all([import('./rpc.ts'), import('./engine.ts')]);
      const streams = { input: process.stdin, output: process.stdout, signal: interruption() };
      await serve(streams, (host) => createEngine(commandLine, host));
      // Not left to the event loop: the compiled engine leaves a timer of ten seconds behind.
      process.exit();
    }
  }
}

/** Aborted when the process is told to end: the command does so as soon as it has its answer. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      controller.abort();
      setTimeout(() => process.exit(1), closeTimeoutMs).unref();
    });
  }
  return controller.signal;
}

// The command reads stderr as lines of JSON, and fails over a warning as Node prints it.
process.removeAllListeners('warning');
process.on('warning', (warning) => log('WARN', warning.message));

// A panic of the compiled engine arrives here, after it was reported as the answer to the request.
process.on('uncaughtException', (error) => {
  log('ERROR', error.stack ?? error.message);
  process.exitCode = 1;
});

async function main(): Promise<void> {
  const commandLine = parseCommandLine(process.argv.slice(2));
  // The command passes over the first line.
  log('INFO', `The schema engine of @x/prisma-cloudsql (experimental): ${commandLine.task}`);
  const warning = versionWarning();
  if (warning) log('WARN', warning);
  await run(commandLine);
}

main().catch((thrown: unknown) => {
  const error = toUserError(thrown);
  log('ERROR', error.message, { is_panic: false, error_code: error.code });
  process.exitCode = 1;
});
