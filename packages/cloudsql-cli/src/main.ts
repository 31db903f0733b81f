#!/usr/bin/env node
import { endTidily } from './cli/end-tidily.ts';
import { run } from './cli/run.ts';
import { printWarnings } from './cli/warnings.ts';

// Whoever reads the output may stop early, as `head` does, and a terminal may be closed: that is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
  });
}
printWarnings((message) => void process.stderr.write(`warning: ${message}\n`));
endTidily();

process.exitCode = await run(process.argv.slice(2), process);
