import type { ClientProtocol } from '../wire/exchange-messages.ts';

/** What became of one connection. */
export type ConnectionState = 'handshake' | 'open' | 'refused' | 'closed';

/** What the emulator knows about one connection whose client certificate it has seen. */
export interface ConnectionRecord {
  /** Name of the instance that was dialled. */
  readonly instance: string;
  readonly ipType: 'PUBLIC' | 'PRIVATE' | 'PSC';
  /** Address of the instance that was dialled. */
  readonly localAddress: string;
  /** Serial number of the client certificate, hexadecimal in upper case. */
  readonly serial: string;
  /**
   * E-mail in the certificate; absent if it was issued without an access token. In AlloyDB the e-mail behind the token
   * of the metadata exchange.
   */
  readonly principal?: string;
  /** Database user, as the client asked for it. */
  readonly user?: string;
  readonly database?: string;
  readonly applicationName?: string;
  /** Process id of the database session. */
  readonly backendPid?: number;
  /** User agent and kind of login, as an AlloyDB client gave them in the metadata exchange. */
  readonly userAgent?: string;
  readonly authType?: 'AUTO_IAM' | 'DB_NATIVE';
  /** How database clients reach the connector, as it said in Cloud SQL's metadata exchange. */
  readonly clientProtocol?: ClientProtocol;
  /** TLS version as negotiated, such as `TLSv1.3`. */
  readonly tlsProtocol: string;
  /** Standard name of the cipher as negotiated. */
  readonly tlsCipher: string;
  /** End of the client certificate's life. */
  readonly certificateExpires: Date;
  readonly openedAt: Date;
  readonly closedAt?: Date;
  /** `handshake` until the database has let the client in, then `open`; `refused` or `closed` at the end. */
  readonly state: ConnectionState;
  /** Why the connection was refused. */
  readonly refusal?: string;
}

/** A record while its connection lives. */
export type MutableRecord = { -readonly [K in keyof ConnectionRecord]: ConnectionRecord[K] };

const MAX_RECORDS = 10_000;

/** Remembers the latest 10,000 connections. */
export class ConnectionLog {
  readonly #records: MutableRecord[] = [];
  readonly #tlsFailures = new Map<string, number>();
  #open = 0;
  #total = 0;

  add(record: MutableRecord): void {
    this.#records.push(record);
    if (this.#records.length > MAX_RECORDS) this.#records.shift();
    this.#open += 1;
    this.#total += 1;
  }

  /** Marks the end of a connection; a refused one stays `refused`. */
  close(record: MutableRecord): void {
    record.closedAt = new Date();
    if (record.state !== 'refused') record.state = 'closed';
    this.#open -= 1;
  }

  /** Counts a client that did not get through the TLS handshake. */
  countTlsFailure(reason: string): void {
    this.#tlsFailures.set(reason, (this.#tlsFailures.get(reason) ?? 0) + 1);
  }

  /** The records, oldest first. */
  list(): readonly ConnectionRecord[] {
    return [...this.#records];
  }

  counts(): { open: number; total: number; tlsFailures: Record<string, number> } {
    return { open: this.#open, total: this.#total, tlsFailures: Object.fromEntries(this.#tlsFailures) };
  }

  /** Starts counting anew. Open connections stay open, and the records stay. */
  resetCounts(): void {
    this.#total = 0;
    this.#tlsFailures.clear();
  }
}
