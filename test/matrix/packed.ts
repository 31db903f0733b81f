import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { run } from '../child.ts';

export const root: string = path.resolve(import.meta.dirname, '../..');

/** Where projects are installed: inside the clone, so that their files are hard links into its store. */
export const matrixFolder: string = path.join(root, '.toolchain/matrix');

/** Runs a command in a folder; its output is the error if it fails. */
export async function execute(command: string, args: readonly string[], cwd: string): Promise<void> {
  const { code, output } = await run(command, args, { cwd, timeout: 300_000 });
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${output}`);
}

/**
 * Builds our packages and packs each as it would be published.
 *
 * @returns the archives by package name. Their names tell their contents, so that a package manager sees every change
 */
export async function packAll(): Promise<Readonly<Record<string, string>>> {
  await execute(process.execPath, ['tools/check.mjs', 'build'], root);
  const folder = path.join(matrixFolder, 'packed');
  mkdirSync(folder, { recursive: true });
  const packages = readdirSync(path.join(root, 'packages'));
  const archives = await Promise.all(packages.map(async (name) => [`@x/${name}`, await pack(name, folder)] as const));
  const current = archives.map(([, archive]) => path.basename(archive));
  for (const file of readdirSync(folder)) if (!current.includes(file)) rmSync(path.join(folder, file));
  return Object.fromEntries(archives);
}

async function pack(name: string, folder: string): Promise<string> {
  const unnamed = path.join(folder, `${name}.${process.pid}`);
  await execute('pnpm', ['pack', '--out', unnamed], path.join(root, 'packages', name));
  const digest = createHash('sha256').update(readFileSync(unnamed)).digest('hex').slice(0, 12);
  const archive = path.join(folder, `${name}-${digest}.tgz`);
  renameSync(unnamed, archive);
  return archive;
}
