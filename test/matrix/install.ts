import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execute, matrixFolder, root } from './packed.ts';

/**
 * Installs our archives with some other packages in a project of its own, as a user would, unless it is there.
 *
 * @param name - the folder
 * @param archives - of `packAll`
 * @param dependencies - exact versions, by name
 * @returns its `node_modules`
 */
export async function install(
  name: string,
  archives: Readonly<Record<string, string>>,
  dependencies: Readonly<Record<string, string>>,
): Promise<string> {
  const folder = path.join(matrixFolder, name);
  const own = Object.fromEntries(Object.entries(archives).map(([each, archive]) => [each, `file:${archive}`]));
  const files = {
    'package.json': { private: true, type: 'module', dependencies: { ...own, ...dependencies } },
    // YAML, too. Packages of ours that depend on each other find each other's archives, not those of the registry.
    'pnpm-workspace.yaml': {
      overrides: own,
      storeDir: path.join(root, '.toolchain/store'),
      autoInstallPeers: false,
      pmOnFail: 'ignore',
    },
  };
  const wanted = JSON.stringify(files);
  const stamp = path.join(folder, '.installed');
  const modules = path.join(folder, 'node_modules');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return modules;
  mkdirSync(folder, { recursive: true });
  for (const [file, content] of Object.entries(files)) writeFileSync(path.join(folder, file), JSON.stringify(content));
  await execute('pnpm', ['install', '--no-frozen-lockfile', '--prefer-offline', '--ignore-scripts'], folder);
  writeFileSync(stamp, wanted);
  return modules;
}
