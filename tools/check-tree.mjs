// Checks what no linter knows about this tree: how long files are, what may import what, and that no file names a
// place that exists on one machine only. docs/ and CONTRIBUTING.md say why.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

const maxLines = 400;

/** The rooms of core, from the door to the cellar: files and folders of its src/. A room imports from rooms below it. */
const rooms = [
  'index',
  'google',
  'diagnostics',
  'drivers',
  'listener',
  'postgres',
  'mysql',
  'login',
  'shared-connector',
  'connector',
  'options',
  'failover',
  'service',
  'dial',
  'credentials',
  'instance',
  'refresh',
  'key-pair',
  'http-client',
  'http-proxy',
  'http',
  'deadline',
  'process-wide',
  'telemetry',
  'version',
  'errors',
  'error-catalogue',
];

/** Which packages of ours a package may import. Those that are not named are adapters. */
const mayImport = {
  'cloudsql-core': [],
  'cloudsql-emulator': [],
  'cloudsql-cli': ['@x/cloudsql-core', '@x/cloudsql-emulator'],
};
const adapterMayImport = ['@x/cloudsql-core'];

/** Places of one machine, and hosts that only a lockfile or an .npmrc could have brought here. */
const foreignPlaces = [/\/work\//, /\/tmp\/tc\b/, /registry\.(npmjs|yarnpkg|npmmirror)\./, /^registry *=/m];

/** @type {string[]} */
const problems = [];
process.chdir(path.dirname(import.meta.dirname));

const listing = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
});
const files = [...new Set(listing.split('\0'))].filter((file) => file && fs.existsSync(file));
for (const file of files) {
  const text = fs.readFileSync(file, 'utf8');
  for (const place of foreignPlaces) {
    const found = place.exec(text);
    if (found) problems.push(`${file}:${lineOf(text, found.index)} names ${found[0]}`);
  }
  const [, name, inside] = /^packages\/([^/]+)\/src\/(.+)\.ts$/.exec(file) ?? [];
  if (name && inside) checkSource(file, name, inside, text);
}

for (const problem of problems) console.log(problem);
if (problems.length > 0) process.exitCode = 1;

/**
 * @param {string} file From the root.
 * @param {string} name The package's folder.
 * @param {string} inside The file's path inside src, without extension.
 * @param {string} text
 */
function checkSource(file, name, inside, text) {
  const lines = text.split('\n').length - 1;
  if (lines > maxLines) problems.push(`${file} has ${lines} lines; split it, ${maxLines} is the limit`);

  const manifest = JSON.parse(fs.readFileSync(`packages/${name}/package.json`, 'utf8'));
  for (const { target, typeOnly, line } of importsOf(file, text)) {
    const problem = target.startsWith('.')
      ? relativeProblem(name, inside, target, typeOnly)
      : packageProblem(name, manifest, target);
    if (problem) problems.push(`${file}:${line} ${problem}`);
  }
}

/**
 * @param {string} name
 * @param {string} inside
 * @param {string} target
 * @param {boolean} typeOnly
 * @returns {string | undefined}
 */
function relativeProblem(name, inside, target, typeOnly) {
  const resolved = path.posix.join(path.posix.dirname(inside), target);
  if (resolved.startsWith('..')) return `imports ${target}, which is outside of its src/`;
  if (name !== 'cloudsql-core') return;
  const [from, to] = [roomOf(inside), roomOf(resolved)];
  for (const room of [from, to]) {
    if (!rooms.includes(room)) return `is in or imports a new room: give \`${room}\` its place in tools/check-tree.mjs`;
  }
  if (to === 'options' && typeOnly) return;
  if (rooms.indexOf(to) < rooms.indexOf(from)) return `imports ${target}, but \`${to}\` is above \`${from}\``;
}

/** @param {string} inside @returns {string} */
function roomOf(inside) {
  return (inside.split('/')[0] ?? '').replace(/\.ts$/, '');
}

/**
 * @param {string} name
 * @param {any} manifest
 * @param {string} target
 * @returns {string | undefined}
 */
function packageProblem(name, manifest, target) {
  if (target.startsWith('node:')) return;
  const [dependency = ''] = /^(@[^/]+\/)?[^/]+/.exec(target) ?? [];
  if (dependency.startsWith('@x/')) {
    const allowed = mayImport[/** @type {keyof typeof mayImport} */ (name)] ?? adapterMayImport;
    if (!allowed.some((each) => each === dependency)) return `imports ${dependency}, which ${name} must not know`;
    const other = JSON.parse(fs.readFileSync(`packages/${dependency.slice(3)}/package.json`, 'utf8'));
    const subpath = `.${target.slice(dependency.length)}`;
    if (!(subpath in other.exports)) return `imports ${target}, which ${dependency} does not export`;
  }
  // What only development installs is missing for the user, and so are its types.
  const declared = { ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies };
  if (!(dependency in declared)) return `imports ${dependency}, which is not among its dependencies or peers`;
}

/**
 * @param {string} file
 * @param {string} text
 * @returns {{ target: string, typeOnly: boolean, line: number }[]} Every import in the file, `import()` included.
 */
function importsOf(file, text) {
  /** @type {{ target: string, typeOnly: boolean, line: number }[]} */
  const found = [];
  /** @param {ts.Node | undefined} literal @param {boolean} typeOnly */
  const add = (literal, typeOnly) => {
    if (literal && ts.isStringLiteralLike(literal)) {
      found.push({ target: literal.text, typeOnly, line: lineOf(text, literal.pos) });
    }
  };
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, node.importClause?.isTypeOnly ?? false);
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], false);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest));
  return found;
}

/** @param {string} text @param {number} position @returns {number} */
function lineOf(text, position) {
  return text.slice(0, position).split('\n').length;
}
