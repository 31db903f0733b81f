import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { main as program } from '../cli/cloudsql.ts';

/** What a proxy writes to its ready file. */
export type Addresses = readonly { readonly instance?: string; readonly server?: string; readonly address: string }[];

/** How a proxy ended. */
export interface ProxyEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `cloudsql proxy` in a process of its own, with nothing in its environment but what it is given. */
export class ProxyProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<ProxyEnd>;
  readonly folder: string = mkdtempSync(path.join(tmpdir(), 'proxy-'));
  stdout = '';
  stderr = '';

  constructor(args: readonly string[], env: Readonly<Record<string, string>>) {
    this.child = spawn(
      process.execPath,
      ['--no-warnings', program, 'proxy', ...args, '--ready-file', this.#readyFile],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { PATH: process.env.PATH, TMPDIR: this.folder, HOME: this.folder, ...env },
      },
    );
    this.child.stdout!.on('data', (chunk) => (this.stdout += chunk));
    this.child.stderr!.on('data', (chunk) => (this.stderr += chunk));
    this.ended = once(this.child, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
      stdout: this.stdout,
      stderr: this.stderr,
    }));
  }

  get #readyFile(): string {
    return path.join(this.folder, 'ready.json');
  }

  /** Starts a proxy and waits until it is ready. */
  static async ready(args: readonly string[], env: Readonly<Record<string, string>>): Promise<ProxyProcess> {
    const proxy = new ProxyProcess(args, env);
    try {
      await proxy.until(() => proxy.addresses.length > 0);
      return proxy;
    } catch (error) {
      await proxy[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Where everything is, once it is ready. */
  get addresses(): Addresses {
    if (!existsSync(this.#readyFile)) return [];
    const text = readFileSync(this.#readyFile, 'utf8');
    return text.endsWith('\n') ? (JSON.parse(text) as Addresses) : [];
  }

  /** The address of an instance, or of a server. */
  at(name: string): string {
    const found = this.addresses.find(({ instance, server }) => instance === name || server === name);
    if (!found) throw new Error(`${name} is not among ${JSON.stringify(this.addresses)}`);
    return found.address;
  }

  /** Waits until something is so, and no longer than the process lives. */
  async until(condition: () => boolean | Promise<boolean>, ms = 20_000): Promise<void> {
    const end = Date.now() + ms;
    while (!(await condition())) {
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        const { code, stdout, stderr } = await this.ended;
        throw new Error(`The proxy ended with ${code}: ${stdout}${stderr}`);
      }
      if (Date.now() > end) throw new Error(`Not so after ${ms} ms: ${condition}\n${this.stdout}${this.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Sends a signal and waits for the end. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<ProxyEnd> {
    this.child.kill(signal);
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.end('SIGKILL');
    await this.ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
