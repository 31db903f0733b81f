// Builds the package in the current folder into dist/: `node ../../tools/build.mjs`, as turbo starts it.
//
// In git, a package's `exports` name TypeScript files, which Node runs as they are. What is published is named by
// `publishConfig`: ESM and CommonJS with declarations for each. There is nothing to configure in the package.

import fs from 'node:fs';
import Module from 'node:module';
import path from 'node:path';
import { build } from 'tsup';

// tsup looks for the compiler from the package's folder up, where no tools are installed; its worker inherits this.
process.env.NODE_PATH = path.join(import.meta.dirname, 'node_modules');
/** @type {any} */ (Module)._initPaths();

/** @type {{ exports: Record<string, string>, publishConfig: Record<string, unknown> }} */
const manifest = JSON.parse(fs.readFileSync('package.json', 'utf8'));
const published = filesNamedIn(manifest.publishConfig);
const sources = filesNamedIn(manifest.exports).filter((file) => file.endsWith('.ts'));
const programs = filesNamedIn(manifest.publishConfig.bin).map((file) =>
  file.replace('./dist/', './src/').replace(/js$/, 'ts'),
);

/**
 * Where a large package is cut into chunks, besides at its exports. gzip finds the CommonJS twin of a chunk, which lies
 * beside it in the archive, if it fits into its window of 32 kB: the archive gets a third smaller.
 *
 * @type {Record<string, string[]>}
 */
const cuts = {
  'cloudsql-core': [
    ...['errors', 'http-client', 'options/connection-options', 'credentials/sources', 'credentials/external-account'],
    ...[
      'dial/dial',
      'service/instances',
      'failover/names',
      'listener/options',
      'listener/session',
      'listener/unix-socket',
    ],
    ...[
      'listener/postgres-session',
      'credentials/authorized-user',
      'credentials/gcloud',
      'service/api-client',
      'service/alloydb',
      'postgres/scram',
    ],
  ],
};
const inner = (cuts[path.basename(process.cwd())] ?? []).map((name) => `./src/${name}.ts`);

/** @type {import('tsup').Options} */
const common = {
  outDir: 'dist',
  target: 'node20.19',
  platform: 'node',
  tsconfig: path.join(import.meta.dirname, '..', 'tsconfig.json'),
  config: false,
  silent: true,
  // What is published is not minified, so that stack traces can be read; maps would be two thirds of the package.
  sourcemap: false,
};

fs.rmSync('dist', { recursive: true, force: true });
if (sources.length > 0) await buildLibrary();
// Nobody requires a program, so it is ESM only and may await at its top level.
if (programs.length > 0) await build({ ...common, entry: entries(programs), format: ['esm'], splitting: true });

const missing = published.filter((file) => !fs.existsSync(file));
if (missing.length > 0)
  throw new Error(`publishConfig names files that the build does not make: ${missing.join(', ')}`);

async function buildLibrary() {
  await Promise.all([
    build({ ...common, entry: entries(sources), format: ['esm', 'cjs'], dts: { only: true } }),
    // What two entries share is one chunk, so a class that comes from one entry is the same class in the other.
    build({ ...common, entry: entries([...sources, ...inner]), format: ['esm'], splitting: true }),
  ]);
  // What is behind a cut is in a chunk, and nobody imports the file that is named for it.
  for (const name of Object.keys(entries(inner))) fs.rmSync(`dist/${name}.js`);
  // The bundler cannot split CommonJS. So each file of the ESM build is translated by itself: the same chunks again.
  await build({
    ...common,
    entry: fs.globSync('dist/**/*.js'),
    format: ['cjs'],
    splitting: false,
    // Gives CommonJS an `import.meta.url`, in the files that use it.
    shims: true,
    esbuildPlugins: [{ name: 'keep-files-apart', setup: keepFilesApart }],
    esbuildOptions(options) {
      options.outbase = 'dist';
      // Third-party packages are loaded by `require`: that works under Jest and in bundles, where `import()` may not.
      options.supported = { ...options.supported, 'dynamic-import': false };
    },
  });
  for (const file of new Set(published.filter((name) => name.endsWith('.mjs')))) reexport(file.replace(/\.mjs$/, ''));
}

/**
 * Makes the ESM build of an entry a list of what the CommonJS build exports: for a large package, of which users should
 * get, and a process load, one copy only. It is required, because Node would read all of its text to find the exports of
 * an import, which takes 4 MB.
 *
 * @param {string} entry Path without its extension.
 */
function reexport(entry) {
  const names = /export \{([^}]+)\};?\s*$/.exec(fs.readFileSync(`${entry}.js`, 'utf8'))?.[1]?.split(',') ?? [];
  const exported = names.map((name) => name.trim().split(' as ').at(-1)).join(', ');
  const required = `createRequire(import.meta.url)('./${path.basename(entry)}.cjs')`;
  fs.writeFileSync(
    `${entry}.mjs`,
    `import { createRequire } from 'node:module';\n\nexport const { ${exported} } = ${required};\n`,
  );
  fs.rmSync(`${entry}.js`);
}

/**
 * @param {unknown} value Part of a package.json.
 * @returns {string[]} Every relative path in it.
 */
function filesNamedIn(value) {
  if (typeof value === 'string') return value.startsWith('./') ? [value] : [];
  return value && typeof value === 'object' ? Object.values(value).flatMap(filesNamedIn) : [];
}

/**
 * @param {string[]} files
 * @returns {Record<string, string>} The entries for tsup: src/drivers/pg.ts becomes dist/drivers/pg.js.
 */
function entries(files) {
  return Object.fromEntries(files.map((file) => [path.relative('src', file).replace(/\.ts$/, ''), file]));
}

/**
 * Leaves the imports between the files of dist/ alone, but for the extension.
 *
 * @param {Parameters<NonNullable<import('tsup').Options['esbuildPlugins']>[number]['setup']>[0]} esbuild
 */
function keepFilesApart(esbuild) {
  esbuild.onResolve({ filter: /^\.{1,2}\// }, ({ kind, path: file }) =>
    kind === 'entry-point' ? null : { path: file.replace(/\.js$/, '.cjs'), external: true },
  );
}
