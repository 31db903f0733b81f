// Checks the packages as users get them: packs each one, looks inside, and loads every export by `require` and `import`
// from a project that npm installed. Prints a line per package. Needs `turbo run build` first.

import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const root = path.dirname(import.meta.dirname);
const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'check-packed-'));
process.on('exit', () => fs.rmSync(temporary, { recursive: true, force: true }));

/** The Node that the caller had before tools/run.mjs put the pinned one first: users may have an older one than we. */
const systemEnv = { ...process.env, PATH: process.env.SYSTEM_PATH ?? process.env.PATH };

/** What may be in `dependencies`, and how many kilobytes the archive may have. */
const rules = {
  'cloudsql-core': { dependencies: ['google-auth-library'], maxKb: 150 },
  'cloudsql-emulator': { dependencies: null, maxKb: 150 },
  'cloudsql-cli': { dependencies: null, maxKb: 150 },
};
const adapterRule = { dependencies: ['@x/cloudsql-core'], maxKb: 30 };

/** @typedef {{ folder: string, archive: string, manifest: any, kb: number, problems: string[] }} Packed */

const folders = fs.readdirSync(path.join(root, 'packages'));
const packages = await Promise.all(folders.map(pack));
await Promise.all(packages.map(inspect));
await load(packages);

for (const { folder, kb, problems } of packages) {
  console.log(`${folder.padEnd(20)} ${kb.toFixed(1).padStart(6)} kB  ${problems.length === 0 ? 'ok' : 'FAILED'}`);
  for (const problem of problems) console.log(`  ${problem.trimEnd().replaceAll('\n', '\n  ')}`);
}
process.exitCode = packages.some(({ problems }) => problems.length > 0) ? 1 : 0;

/**
 * Packs a package and unpacks it again.
 *
 * @param {string} folder
 * @returns {Promise<Packed>}
 */
async function pack(folder) {
  const archive = path.join(temporary, `${folder}.tgz`);
  const unpacked = path.join(temporary, folder);
  fs.mkdirSync(unpacked);
  await run('pnpm', ['pack', '--out', archive], { cwd: path.join(root, 'packages', folder) });
  await run('tar', ['-xzf', archive, '-C', unpacked, '--strip-components=1']);
  const manifest = JSON.parse(fs.readFileSync(path.join(unpacked, 'package.json'), 'utf8'));
  return { folder, archive, manifest, kb: fs.statSync(archive).size / 1000, problems: [] };
}

/**
 * Looks into a packed package, and lets publint and attw do so.
 *
 * @param {Packed} packed
 */
async function inspect({ folder, archive, manifest, kb, problems }) {
  const rule = rules[/** @type {keyof typeof rules} */ (folder)] ?? adapterRule;
  if (kb > rule.maxKb) problems.push(`is larger than ${rule.maxKb} kB`);
  const dependencies = Object.keys(manifest.dependencies ?? {});
  if (rule.dependencies && dependencies.join() !== rule.dependencies.join()) {
    problems.push(`depends on ${dependencies.join(', ') || 'nothing'} instead of ${rule.dependencies.join(', ')}`);
  }
  const ranges = { ...manifest.devDependencies, ...manifest.dependencies, ...manifest.peerDependencies };
  for (const [name, range] of Object.entries(ranges)) {
    if (/^(workspace|catalog|link|file):/.test(range)) problems.push(`has ${name} as ${range}`);
  }

  const unpacked = path.join(temporary, folder);
  const files = fs.globSync('**/*', { cwd: unpacked, withFileTypes: true }).filter((file) => file.isFile());
  for (const file of files) {
    const full = path.join(file.parentPath, file.name);
    const name = path.relative(unpacked, full);
    if (/(^|\/)(src|test)\/|\.test\.|(?<!\.d)\.ts$/.test(name)) problems.push(`contains ${name}`);
    const text = fs.readFileSync(full, 'utf8');
    for (const place of [root, temporary, os.homedir()])
      if (text.includes(place)) problems.push(`${name} names ${place}`);
  }
  for (const name of ['LICENSE', 'README.md']) {
    if (!fs.existsSync(path.join(unpacked, name))) problems.push(`contains no ${name}`);
  }

  const tarball = fs.readFileSync(archive);
  const data = tarball.buffer.slice(tarball.byteOffset, tarball.byteOffset + tarball.byteLength);
  const { messages } = await publint({ strict: true, pack: { tarball: /** @type {ArrayBuffer} */ (data) } });
  for (const message of messages) problems.push(`publint: ${formatMessage(message, manifest, { color: false })}`);
  if (manifest.exports?.['.']) {
    const attw = path.join(import.meta.dirname, 'node_modules', '@arethetypeswrong', 'cli', 'dist', 'index.js');
    const args = [attw, archive, '--profile', 'strict', '--format', 'ascii', '--no-color', '--no-emoji'];
    await run(process.execPath, args).catch((error) => problems.push(`attw: ${error.stdout || error.message}`));
  }
}

/**
 * Installs all packages with npm, as a user does, and loads what they export.
 *
 * @param {Packed[]} all
 */
async function load(all) {
  const project = path.join(temporary, 'project');
  /** @type {Record<string, string>} */
  const dependencies = {};
  for (const { archive, manifest } of all) {
    Object.assign(dependencies, manifest.peerDependencies, { [manifest.name]: `file:${archive}` });
  }
  fs.mkdirSync(project);
  fs.writeFileSync(path.join(project, 'package.json'), JSON.stringify({ private: true, dependencies }));
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline'];
  await run('npm', ['install', '--loglevel=error', ...flags], { cwd: project, env: systemEnv });

  for (const { manifest, problems } of all) {
    const subpaths = Object.keys(manifest.exports ?? {}).filter((name) => !name.endsWith('.json'));
    const names = subpaths.map((name) => path.posix.join(manifest.name, name));
    const script = path.join(project, 'load.mjs');
    fs.writeFileSync(
      script,
      `import { createRequire } from 'node:module';
      const require = createRequire(import.meta.url);
      for (const name of ${JSON.stringify(names)}) {
        const [required, imported] = [require(name), await import(name)].map((m) => Object.keys(m).sort().join());
        if (required !== imported || !required) throw new Error(\`\${name}: require gives \${required}, import \${imported}\`);
      }`,
    );
    const result = await run('node', ['--no-warnings', script], { cwd: project, env: systemEnv }).catch(
      (error) => error,
    );
    if (result.stderr) problems.push(`does not load: ${result.stderr}`);
  }
}

/**
 * @param {string} file
 * @param {string[]} args
 * @param {import('node:child_process').ExecFileOptions} [options]
 */
async function run(file, args, options) {
  // npm and pnpm are .cmd files on Windows.
  const shell = process.platform === 'win32' && !path.isAbsolute(file);
  return promisify(execFile)(file, args, { ...options, shell, maxBuffer: 1e8 });
}
