import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Outcome, run } from './child.ts';

/** A section of a page: the files that it shows, by the name in their first line, and its commands. */
export interface Section {
  readonly files: Readonly<Record<string, string>>;
  readonly commands: readonly string[];
}

/** Reads the section under a heading of a page, given from the root. */
export function section(heading: string, page?: string): Section {
  const text = textOf(heading, page);
  const blocks = [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, code = '']) => ({
    language,
    code,
  }));
  const shown = blocks.filter(({ language }) => language !== 'sh');
  return {
    files: Object.fromEntries(shown.map(({ code }) => [/^\/\/ (\S+)/.exec(code)?.[1] ?? '', code])),
    commands: blocks.filter(({ language }) => language === 'sh').flatMap(({ code }) => code.trim().split('\n')),
  };
}

function textOf(heading: string, page = 'docs/migrations.md'): string {
  const sections = readFileSync(new URL(`../${page}`, import.meta.url), 'utf8').split(/^## /m);
  const text = sections.find((part) => part.startsWith(`${heading}\n`));
  if (text === undefined) throw new Error(`${page} has no section "${heading}"`);
  return text;
}

/** A table of a section, with the code of each cell: the rows below the heading, without their first cell. */
export function codeTable(heading: string, page?: string): Readonly<Record<string, readonly string[]>> {
  const rows = [...textOf(heading, page).matchAll(/^\| (\w+) \| (`.*`) \|$/gm)];
  return Object.fromEntries(
    rows.map(([, name, cells = '']) => [name, cells.split(' | ').map((cell) => cell.slice(1, -1))]),
  );
}

/** A folder with some files and the packages of `modules`, in which commands run. */
export class Project {
  readonly folder: string = realpathSync(mkdtempSync(path.join(tmpdir(), 'documented-')));
  readonly #modules: string;

  constructor(files: Readonly<Record<string, string>>, modules: string) {
    this.#modules = modules;
    mkdirSync(path.join(this.folder, 'tmp'));
    symlinkSync(modules, path.join(this.folder, 'node_modules'));
    this.write({ 'package.json': '{ "type": "module" }', ...files });
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) {
      const file = path.join(this.folder, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  }

  /** Copies what git has of a folder, roughly: neither packages nor what was generated. */
  copy(folder: string): void {
    cpSync(folder, this.folder, { recursive: true, filter: (file) => !/\/(node_modules|generated)$/.test(file) });
  }

  /** Runs `npx …`, with nothing in its environment but `env`, and without npx. */
  run(command: string, env: Readonly<Record<string, string>>): Promise<Outcome> {
    return run(...this.#command(command, env));
  }

  /** The same, for a command that does not end by itself. */
  start(command: string, env: Readonly<Record<string, string>>): ChildProcess {
    return spawn(...this.#command(command, env));
  }

  #command(command: string, env: Readonly<Record<string, string>>): [string, string[], SpawnOptions] {
    const [npx, program = '', ...args] = command.split(' ');
    if (npx !== 'npx') throw new Error(`Not a command of npx: ${command}`);
    const bin = path.join(this.#modules, '.bin');
    const options: SpawnOptions = {
      timeout: 60_000,
      cwd: this.folder,
      env: {
        PATH: `${path.dirname(process.execPath)}:${process.env.PATH}`,
        HOME: this.folder,
        TMPDIR: `${this.folder}/tmp`,
        NO_COLOR: '1',
        ...env,
      },
    };
    return [program === 'node' ? process.execPath : path.join(bin, program), args, options];
  }

  /** What commands have left among the temporary files. */
  litter(): string[] {
    return readdirSync(path.join(this.folder, 'tmp')).filter((name) => name.startsWith('cloudsql-'));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
