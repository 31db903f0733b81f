import type { NetConnectOpts } from 'node:net';
import { connect } from 'node:net';
import { relay } from '../data-plane/relay.ts';
import type { LoginSession } from '../data-plane/session.ts';
import type { Database } from '../database/database.ts';
import { parseSqlServerUrl } from '../database-url.ts';
import { EmulatorError } from '../errors.ts';

/**
 * A server that speaks TDS and that somebody else runs. Clients are led to it as they are, since SQL Server has no IAM
 * login: who they are is between them and the server.
 */
export class SqlServer implements Database {
  readonly databaseVersion: string;
  readonly #url: string;
  readonly #address: NetConnectOpts;

  /** `url` is one that {@link parseSqlServerUrl} can read. */
  constructor(databaseVersion: string, url: string) {
    this.databaseVersion = databaseVersion;
    this.#url = url;
    this.#address = parseSqlServerUrl(url)!;
  }

  url(): string {
    return this.#url;
  }

  async createDatabase(): Promise<void> {
    throw notOurs();
  }

  async createUser(): Promise<void> {
    throw notOurs();
  }

  async dropUser(): Promise<void> {
    throw notOurs();
  }

  async serve({ client, record, onJoined }: LoginSession): Promise<void> {
    if (client.destroyed) return;
    const server = connect({ ...this.#address, allowHalfOpen: true });
    const giveUp = (): void => void server.destroy();
    const fail = (): void => {
      record.state = 'refused';
      record.refusal = 'the database system is not available';
      client.destroy();
    };
    server.once('error', fail);
    client.once('close', giveUp);
    server.once('connect', () => {
      server.off('error', fail);
      client.off('close', giveUp);
      record.state = 'open';
      onJoined(relay(client, server));
    });
  }

  async stop(): Promise<void> {}
}

function notOurs(): EmulatorError {
  return new EmulatorError('UNSUPPORTED_ENGINE', 'Databases and users of a SQL Server are made in the server itself.');
}
