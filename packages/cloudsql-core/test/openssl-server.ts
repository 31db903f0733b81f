import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Whether there is an `openssl` to run. */
export const hasOpenssl: boolean = spawnSync('openssl', ['version']).status === 0;

/** What an {@link OpensslServer} shows and demands, PEM. */
export interface OpensslOptions {
  readonly identity: { readonly cert: string; readonly key: string };
  /** The only authority whose client certificates are taken. Without it nobody is asked for one. */
  readonly clientCa?: string;
  /** Where to listen. @default a free port of 127.0.0.1 */
  readonly at?: string;
}

/**
 * A TLS 1.3 server of OpenSSL's. It sends the alert by which a real instance refuses a client certificate, after the
 * handshake; a server of Node's sends none and just hangs up.
 */
export class OpensslServer implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly port: number;

  private constructor(child: ChildProcess, folder: string, port: number) {
    this.#child = child;
    this.#folder = folder;
    this.port = port;
  }

  static async start({ identity, clientCa, at = '127.0.0.1:0' }: OpensslOptions): Promise<OpensslServer> {
    const folder = mkdtempSync(path.join(tmpdir(), 'openssl-'));
    const file = (name: string, text: string): string => {
      const full = path.join(folder, name);
      writeFileSync(full, text, { mode: 0o600 });
      return full;
    };
    const demand = clientCa ? ['-Verify', '1', '-verify_return_error', '-CAfile', file('ca.pem', clientCa)] : [];
    const shown = ['-cert', file('cert.pem', identity.cert), '-key', file('key.pem', identity.key)];
    const child = spawn('openssl', ['s_server', '-accept', at, '-tls1_3', '-naccept', '100', ...shown, ...demand], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    let said = '';
    const accepts = /ACCEPT(?: \S+:(\d+))?/;
    await new Promise<void>((resolve, reject) => {
      child.stdout!.on('data', (chunk) => {
        said += chunk;
        if (accepts.test(said)) resolve();
      });
      child.once('close', () => reject(new Error(`openssl did not start: ${said}`)));
    });
    return new OpensslServer(child, folder, Number(accepts.exec(said)?.[1] ?? at.split(':').pop()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#child, 'close');
    this.#child.stdin?.destroy();
    this.#child.stdout?.destroy();
    this.#child.kill('SIGKILL');
    await gone;
    rmSync(this.#folder, { recursive: true });
  }
}
