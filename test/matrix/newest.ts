import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './packed.ts';

/** What our tests have, and no example: types, drivers, and the commands of the guides. */
const ofTests = [
  ...['@sequelize/core', '@sequelize/postgres', '@types/node', '@types/pg'],
  ...['drizzle-kit', 'google-auth-library', 'mysql2', 'postgres', 'sequelize-cli'],
];

/** What the project of packed tarballs has besides: bundlers and test runners. */
const own = manifest('test/matrix').dependencies;

/** The oldest Node that we support, and the newest long-term release: packages that are nothing but the binary. */
const nodePackages: Readonly<Record<string, string>> =
  process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch)
    ? Object.fromEntries(
        ['20.19.0', '24.21.0'].map((each) => [`node-${each}`, `npm:node-linux-${process.arch}@${each}`]),
      )
    : {};

/** The Nodes to run programs with, which are those that are installed and the one that runs: versions and binaries. */
export function nodes(modules: string): [version: string, binary: string][] {
  const installed = Object.keys(nodePackages).map((name): [string, string] => [
    name.slice('node-'.length),
    path.join(modules, name, 'bin/node'),
  ]);
  return [[process.versions.node, process.execPath], ...installed];
}

/** The folders of `examples/` that are programs to copy: all but the demo that runs them. */
export function exampleNames(): string[] {
  const folders = readdirSync(path.join(root, 'examples'), { withFileTypes: true });
  return folders.flatMap((entry) => (entry.isDirectory() && entry.name !== 'demo' ? entry.name : []));
}

/** The newest supported version of every ORM, driver and command: those that this repository works with. */
export function newestVersions(): Readonly<Record<string, string>> {
  const tested = ofTests.map((name) => [name, installed('test', name)] as const);
  return {
    ...Object.assign({}, ...exampleNames().map(dependenciesOfExample)),
    ...Object.fromEntries(tested),
    ...own,
    ...nodePackages,
  };
}

/** {@link newestVersions} with what only rows have, and the project that all tests use need not install. */
export function newestOfRows(): Readonly<Record<string, string>> {
  const names = ['@prisma/adapter-mariadb', '@prisma/adapter-mssql', '@types/mssql', 'mariadb', 'mssql', 'tedious'];
  return { ...newestVersions(), ...Object.fromEntries(names.map((name) => [name, installed('test', name)])) };
}

/** What an example has besides our packages. */
export function dependenciesOfExample(name: string): Readonly<Record<string, string>> {
  const folder = `examples/${name}`;
  const others = Object.entries(manifest(folder).dependencies).filter(([each]) => !/^@x\//.test(each));
  // Some examples are not of this workspace: they say themselves what is the newest.
  return Object.fromEntries(
    others.map(([each, spec]) => [each, spec.startsWith('catalog:') ? installed(folder, each) : spec]),
  );
}

function installed(folder: string, name: string): string {
  return manifest(`${folder}/node_modules/${name}`).version;
}

function manifest(folder: string): { version: string; dependencies: Record<string, string> } {
  return JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8'));
}
