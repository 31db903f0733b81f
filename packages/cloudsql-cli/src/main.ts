#!/usr/bin/env node
import { run } from './cli/run.ts';

// Whoever reads the output may stop early, as `head` does, and a terminal may be closed: that is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
  });
}

process.exitCode = await run(process.argv.slice(2), process);
