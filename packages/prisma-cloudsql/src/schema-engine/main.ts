#!/usr/bin/env node
import { type CommandLine, parseCommandLine } from './command-line.ts';
import { log } from './log.ts';
import { installedEngine, versionWarning } from './tested-versions.ts';
import { toUserError } from './user-error.ts';

// The program that the `prisma` command starts in place of its schema engine. What a task needs is loaded by it.

async function run(commandLine: CommandLine): Promise<void> {
  const { task, datasource } = commandLine;
  if (task === 'version') {
    process.stdout.write(`schema-engine-cli ${installedEngine() ?? 'unknown'} (@x/prisma-cloudsql)\n`);
    return;
  }
  // The command passes over the first line.
  log('INFO', 'Starting the schema engine of @x/prisma-cloudsql (experimental)');
  const warning = versionWarning();
  if (warning) log('WARN', warning);
  if (task === 'serve') {
    const [{ serve }, { createEngine }] = await Promise.all([import('./rpc.ts'), import('./engine.ts')]);
    const streams = { input: process.stdin, output: process.stdout };
    await serve(streams, (host) => createEngine(commandLine, host));
    return;
  }
  const [{ parseTarget }, { createTarget }, { connect }] = await Promise.all([
    import('./target.ts'),
    import('./databases.ts'),
    import('./connection.ts'),
  ]);
  const target = parseTarget(datasource.url);
  if (task === 'can-connect-to-database') {
    const adapter = await connect(target);
    await adapter.dispose();
  } else {
    await createTarget(target);
  }
}

// A panic of the compiled engine arrives here, after it was reported as the answer to the request.
process.on('uncaughtException', (error) => {
  log('ERROR', error.stack ?? error.message);
  process.exitCode = 1;
});

try {
  await run(parseCommandLine(process.argv.slice(2)));
} catch (thrown) {
  const error = toUserError(thrown);
  log('ERROR', error.message, { is_panic: false, error_code: error.code });
  process.exitCode = 1;
}
