// Everything but the tests: `npm run check`. With names as arguments, only those: `npm run check -- lint types`.
// All steps run even if one fails; what a step prints is shown if it failed.

import { spawn } from 'node:child_process';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
const bin = (/** @type {string} */ name) => path.join(import.meta.dirname, 'node_modules', '.bin', name);
const tsc = path.join(root, 'test', 'node_modules', '.bin', 'tsc');
const tool = (/** @type {string} */ name) => `node ${path.join(import.meta.dirname, name)}`;

/** @type {Record<string, { command: string, show?: boolean }>} */
const steps = {
  lint: { command: `${bin('biome')} check --error-on-warnings .` },
  // The types of a Prisma client exist once it has been generated.
  generate: {
    command: ['examples/prisma/migrate.ts', 'test/adapter-conformance/prisma/generate.ts']
      .map((file) => `node -e "import('./${file}').then((prisma) => prisma.generate())"`)
      .join(' && '),
  },
  types: {
    command: [[], ['-p', 'tsconfig.src.json'], ['-p', 'tools']].map((args) => [tsc, ...args].join(' ')).join(' && '),
  },
  docs: { command: tool('check-docs.mjs') },
  links: { command: tool('check-links.mjs') },
  tree: { command: tool('check-tree.mjs') },
  lockfile: { command: tool('check-lockfile.mjs') },
  build: { command: `${bin('turbo')} run build --output-logs=errors-only` },
  packed: { command: tool('check-packed.mjs'), show: true },
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(steps, name));
if (unknown.length > 0) {
  console.error(`Unknown: ${unknown.join(', ')}. There are ${Object.keys(steps).join(', ')}.`);
  process.exit(2);
}

/** @type {string[]} */
const failed = [];
for (const [name, { command, show }] of Object.entries(steps)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const started = performance.now();
  const { code, output } = await run(command);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${name.padEnd(15)} ${code === 0 ? 'ok    ' : 'FAILED'} ${seconds.padStart(6)} s`);
  if (show || code !== 0) console.log(`  ${output.trimEnd().replaceAll('\n', '\n  ')}`);
  if (code !== 0) failed.push(name);
}
if (failed.length > 0) {
  console.log(`failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}

/**
 * @param {string} command
 * @returns {Promise<{ code: number | null, output: string }>}
 */
function run(command) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1' };
    const child = spawn(command, { cwd: root, env, shell: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (data) => (output += data));
    child.stderr.on('data', (data) => (output += data));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}
