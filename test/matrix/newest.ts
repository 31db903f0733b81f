import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './packed.ts';

/** The commands that the guides use; of our tests only. */
const commands = ['drizzle-kit', 'sequelize-cli'];

/** What the project of packed tarballs has besides: bundlers and test runners. */
const own = manifest('test/matrix').dependencies;

/** The folders of `examples/` that are programs to copy: all but the demo that runs them. */
export function exampleNames(): string[] {
  const folders = readdirSync(path.join(root, 'examples'), { withFileTypes: true });
  return folders.flatMap((entry) => (entry.isDirectory() && entry.name !== 'demo' ? entry.name : []));
}

/** The newest supported version of every ORM, driver and command: those that this repository works with. */
export function newestVersions(): Readonly<Record<string, string>> {
  const ofExamples = exampleNames().flatMap((example) =>
    Object.keys(manifest(`examples/${example}`).dependencies)
      .filter((name) => !name.startsWith('@x/') && !name.startsWith('@types/'))
      .map((name) => [name, installed(`examples/${example}`, name)] as const),
  );
  const ofTests = commands.map((name) => [name, installed('test', name)] as const);
  return { ...Object.fromEntries([...ofExamples, ...ofTests]), ...own };
}

function installed(folder: string, name: string): string {
  return manifest(`${folder}/node_modules/${name}`).version;
}

function manifest(folder: string): { version: string; dependencies: Record<string, string> } {
  return JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8'));
}
