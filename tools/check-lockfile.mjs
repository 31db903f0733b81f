// Checks that the lockfile knows the native binaries of our tools for every platform we work on. A registry that lacks
// one of them makes pnpm drop it without a word, and then the tool does not start on a colleague's machine.

import fs from 'node:fs';
import path from 'node:path';

/** Where a tool keeps its binaries for: macOS on arm64, Windows on x64, Linux on x64 with glibc and with musl. */
const binaries = {
  turbo: ['@turbo/darwin-arm64', '@turbo/windows-64', '@turbo/linux-64'],
  '@biomejs/biome': ['darwin-arm64', 'win32-x64', 'linux-x64', 'linux-x64-musl'].map((name) => `@biomejs/cli-${name}`),
  esbuild: ['darwin-arm64', 'win32-x64', 'linux-x64'].map((name) => `@esbuild/${name}`),
  typescript: ['darwin-arm64', 'win32-x64', 'linux-x64'].map((name) => `@typescript/typescript-${name}`),
  rollup: named('@rollup/rollup-'),
  rolldown: named('@rolldown/binding-'),
  lightningcss: named('lightningcss-'),
};

const lockfile = fs.readFileSync(path.join(path.dirname(import.meta.dirname), 'pnpm-lock.yaml'), 'utf8');
/** Every `name@version:` that starts a line of the `packages` section. */
const locked = new Set([...lockfile.matchAll(/^ {2}'?([^\s'(]+@[^\s'(:]+)'?:$/gm)].map(([, key]) => key));

const problems = Object.entries(binaries).flatMap(([tool, names]) => {
  const versions = [...locked].flatMap((key) => (key?.startsWith(`${tool}@`) ? key.slice(tool.length + 1) : []));
  // TypeScript had no binaries before 7.
  const native = versions.filter((version) => tool !== 'typescript' || Number.parseInt(version, 10) >= 7);
  if (native.length === 0) return `${tool} is not in the lockfile; does tools/check-lockfile.mjs still need it?`;
  const wanted = native.flatMap((version) => names.map((name) => `${name}@${version}`));
  return wanted.filter((key) => !locked.has(key)).map((key) => `the lockfile lacks ${key}, the binary of ${tool}`);
});

for (const problem of problems) console.log(problem);
if (problems.length > 0) process.exitCode = 1;

/** @param {string} prefix @returns {string[]} */
function named(prefix) {
  return ['darwin-arm64', 'win32-x64-msvc', 'linux-x64-gnu', 'linux-x64-musl'].map((name) => `${prefix}${name}`);
}
