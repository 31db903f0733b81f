import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net, { type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Authority } from '../../packages/cloudsql-core/test/authority.ts';
import type { Login } from './requests.ts';
import { Session } from './session.ts';

/** Options of {@link SqlServerPeer.start}. */
export interface PeerOptions {
  /** Passwords by user. */
  readonly users: Readonly<Record<string, string>>;
  /** Whether clients must encrypt inside of the connection, as instances do that allow "SSL only". @default false */
  readonly demandsEncryption?: boolean;
  /** Whether it listens on TCP, and not on a Unix socket. @default false */
  readonly tcp?: boolean;
}

/**
 * Stands in for the SQL Server of an instance, behind its TLS endpoint: it completes PRELOGIN and LOGIN7 and answers
 * one SELECT. It is no database.
 */
export class SqlServerPeer implements AsyncDisposable {
  readonly users: Readonly<Record<string, string>>;
  /** Certificate and key for encryption inside of the connection, where that is demanded. */
  readonly identity: { readonly cert: string; readonly key: string } | undefined;
  /** What each client said of encryption. */
  readonly prelogins: ('ON' | 'OFF' | 'NOT_SUP')[] = [];
  /** Each login, also those that failed. */
  readonly logins: Login[] = [];
  /** Each statement, in order. */
  readonly statements: string[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server: net.Server;
  readonly #folder: string = mkdtempSync(path.join(tmpdir(), 'sql-server-'));

  private constructor({ users }: PeerOptions, identity: SqlServerPeer['identity']) {
    this.users = users;
    this.identity = identity;
    this.#server = net.createServer((socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      new Session(this, socket);
    });
  }

  static async start(options: PeerOptions): Promise<SqlServerPeer> {
    const identity = options.demandsEncryption
      ? await (await Authority.create('SSL_Self_Signed_Fallback')).issue('sql-server')
      : undefined;
    const peer = new SqlServerPeer(options, identity);
    peer.#server.listen(options.tcp ? { host: '127.0.0.1', port: 0 } : { path: peer.socketPath });
    await once(peer.#server, 'listening');
    return peer;
  }

  /** Where it listens, unless that is TCP. */
  get socketPath(): string {
    return path.join(this.#folder, 'tds');
  }

  /** Where the emulator finds it. */
  get url(): string {
    const address = this.#server.address();
    return typeof address === 'object' ? `sqlserver://127.0.0.1:${address?.port}` : this.socketPath;
  }

  /** How many clients there are. */
  get clients(): number {
    return this.#sockets.size;
  }

  /** Breaks all connections off. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.drop();
    this.#server.close();
    await once(this.#server, 'close');
    rmSync(this.#folder, { recursive: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
