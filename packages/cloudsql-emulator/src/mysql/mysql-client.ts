import { once } from 'node:events';
import type { Socket } from 'node:net';
import { EmulatorError } from '../errors.ts';
import type { ClientHello } from './client-hello.ts';
import { CAPABILITY, type Greeting, parseGreeting } from './greeting.ts';
import { ANSWER, encodePacket, parseErr, readPacket } from './packets.ts';
import { logInToServer } from './server-login.ts';

/** How to reach a server as its superuser. */
export interface MysqlAccess {
  /** Opens a connection. */
  readonly open: () => Socket;
  /** Whether that is a Unix socket. */
  readonly isPrivate: boolean;
  readonly user: string;
  readonly password: string;
}

const MAX_PACKET_BYTES = 0xff_ffff;
const COMMAND = { quit: 1, query: 3 } as const;
const UTF8MB4 = 45;
const TIMEOUT_MS = 30_000;

/** A client that runs statements without results and reports errors. */
export class MysqlClient {
  readonly #socket: Socket;
  readonly greeting: Greeting;

  private constructor(socket: Socket, greeting: Greeting) {
    this.#socket = socket;
    this.greeting = greeting;
  }

  /** Connects and logs in. Fails with the system's error if the server does not listen yet. */
  static async connect({ open, isPrivate, user, password }: MysqlAccess): Promise<MysqlClient> {
    const socket = open();
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    try {
      await once(socket, 'connect', { signal });
      // Without a listener a late error would end the process; a read or write reports it anyway.
      socket.on('error', () => undefined);
      const first = await readPacket(socket, MAX_PACKET_BYTES, signal);
      const greeting = first && parseGreeting(first.body);
      if (!greeting) throw refusal('greet', first?.body);
      const answer = await logInToServer({ stream: socket, greeting, isPrivate }, helloOf(user), password, signal);
      if (answer?.[0] !== ANSWER.ok) throw refusal('log in', answer);
      return new MysqlClient(socket, greeting);
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  /** Runs statements, one after the other. @throws EmulatorError `DATABASE_STATEMENT_FAILED` */
  async run(statements: readonly string[]): Promise<void> {
    for (const statement of statements) {
      this.#send(COMMAND.query, statement);
      const answer = await readPacket(this.#socket, MAX_PACKET_BYTES, AbortSignal.timeout(TIMEOUT_MS));
      if (answer?.body[0] !== ANSWER.ok) throw refusal(statement.split(' ', 2).join(' '), answer?.body);
    }
  }

  async close(): Promise<void> {
    if (this.#socket.destroyed) return;
    this.#send(COMMAND.quit, '');
    this.#socket.end();
    this.#socket.resume();
    await once(this.#socket, 'close');
  }

  #send(command: number, argument: string): void {
    this.#socket.write(
      encodePacket({ sequence: 0, body: Buffer.concat([Buffer.from([command]), Buffer.from(argument)]) }),
    );
  }
}

function helloOf(user: string): ClientHello {
  const settings = Buffer.alloc(28);
  settings.writeUInt32LE(MAX_PACKET_BYTES, 0);
  settings[4] = UTF8MB4;
  const none = Buffer.alloc(0);
  return {
    capabilities: CAPABILITY.protocol41,
    settings,
    user,
    proof: none,
    database: undefined,
    plugin: undefined,
    rest: none,
  };
}

// Without the statement itself, which may hold a password.
function refusal(what: string, answer: Buffer | undefined): EmulatorError {
  if (answer?.[0] !== ANSWER.err) {
    return new EmulatorError(
      'DATABASE_STATEMENT_FAILED',
      `The database closed the connection, or cannot be understood (${what}).`,
    );
  }
  const { code, sqlState, message } = parseErr(answer);
  return new EmulatorError(
    'DATABASE_STATEMENT_FAILED',
    `The database refused: ${message} (${code}, SQLSTATE ${sqlState}).`,
  );
}
