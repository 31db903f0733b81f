import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

/** The version of the PostgreSQL server that the machine's own `pg_dump` belongs to, where both are installed. */
export function systemPostgres(): string | undefined {
  const asked = spawnSync('pg_dump', ['--version'], { encoding: 'utf8' });
  const version = /\) (\d+)\./.exec(asked.stdout ?? '')?.[1];
  const bin = `/usr/lib/postgresql/${version}/bin`;
  return version !== undefined && globSync(`${bin}/postgres`).length > 0 ? bin : undefined;
}

/** A server of the PostgreSQL that is installed on the machine, for clients that refuse a newer one. */
export class SystemPostgres implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #folder: string;
  /** Reaches it as superuser, over a Unix socket. */
  readonly url: string;

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child;
    this.#folder = folder;
    this.url = `postgresql://postgres@localhost:5432/postgres?host=${encodeURIComponent(folder)}`;
  }

  static async start(bin: string): Promise<SystemPostgres> {
    const folder = mkdtempSync(path.join(tmpdir(), 'postgres-'));
    const who = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {};
    if (who.uid !== undefined) chownSync(folder, who.uid, who.gid);
    const data = path.join(folder, 'data');
    execFileSync(path.join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync'], {
      cwd: folder,
      stdio: 'ignore',
      ...who,
    });
    const settings = ['listen_addresses=', `unix_socket_directories=${folder}`, 'fsync=off'].flatMap((each) => [
      '-c',
      each,
    ]);
    const child = spawn(path.join(bin, 'postgres'), ['-D', data, ...settings], {
      cwd: folder,
      stdio: 'ignore',
      ...who,
    });
    const server = new SystemPostgres(child, folder);
    for (let tries = 0; !(await server.#answers()); tries++) {
      if (tries === 100 || child.exitCode !== null) throw new Error('The PostgreSQL of the machine does not start');
      await delay(100);
    }
    return server;
  }

  async #answers(): Promise<boolean> {
    const client = new pg.Client(this.url);
    return client.connect().then(
      () => client.end().then(() => true),
      () => false,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#child, 'close');
    this.#child.kill('SIGINT');
    await gone;
    rmSync(this.#folder, { recursive: true });
  }
}

function idOf(flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
}
