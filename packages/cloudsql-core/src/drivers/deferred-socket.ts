import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { afterWrites, onRetirement } from '../dial/retire.ts';
import { toDriverError } from '../errors.ts';

type Done = (error?: Error | null) => void;

export interface DeferredSocketOptions {
  /** Makes the real socket; called once. */
  readonly dial: (signal: AbortSignal) => Promise<Socket>;
  /** May alter the first thing that the driver writes; called when the real socket is there. */
  readonly firstWrite?: (chunk: Buffer) => Buffer;
  /**
   * May alter what the server sends after that, and write answers of its own, until it returns undefined: then the driver
   * gets this chunk as it is, and all others.
   */
  readonly incoming?: ((chunk: Buffer, answer: (bytes: Buffer) => void) => Buffer | undefined) | undefined;
  /**
   * Called when the server hangs up before it has sent anything; returns the error for the driver, or undefined where
   * there was nothing to be sent.
   */
  readonly refused: (cause?: Error) => Error | undefined;
  /** Makes of an error what the driver is to get. @default toDriverError */
  readonly toError?: (error: unknown) => Error;
}

/**
 * A socket that a driver can have at once, while the real one is still being dialled. What is written meanwhile waits;
 * `connect` and `ready` are emitted when the real socket is ready; destroying it gives the dial up. Drivers treat it as
 * a `net.Socket`: all that they are known to call is here.
 */
export class DeferredSocket extends Duplex {
  readonly #dial: (signal: AbortSignal) => Promise<Socket>;
  readonly #abort = new AbortController();
  /** What the driver asked of the socket before there was one. */
  #settings: ((socket: Socket) => void)[] = [];
  #socket: Socket | undefined;
  #dialling = false;
  #answered = false;
  #retired = false;
  #pending: (() => void) | undefined;
  readonly #refused: (cause?: Error) => Error | undefined;
  readonly #toError: (error: unknown) => Error;
  #firstWrite: DeferredSocketOptions['firstWrite'];
  #incoming: DeferredSocketOptions['incoming'];
  #wrote = false;

  constructor({ dial, firstWrite, incoming, refused, toError = toDriverError }: DeferredSocketOptions) {
    super({ allowHalfOpen: false });
    this.#dial = dial;
    this.#firstWrite = firstWrite;
    this.#incoming = incoming;
    this.#refused = refused;
    this.#toError = toError;
  }

  /**
   * Starts the dial; whatever address a driver passes is ignored, because the connector knows where to go. Reading and
   * writing start it, too: mysql2 never calls `connect`, since it believes that a socket it is given is connected.
   */
  connect(): this {
    if (this.#dialling || this.destroyed) return this;
    this.#dialling = true;
    this.#dial(this.#abort.signal).then(
      (socket) => this.#adopt(socket),
      (error: unknown) => this.destroy(this.#toError(error)),
    );
    return this;
  }

  get connecting(): boolean {
    return this.#dialling && !this.#socket && !this.destroyed;
  }

  get pending(): boolean {
    return !this.#socket;
  }

  get encrypted(): true {
    return true;
  }

  get readyState(): string {
    return this.connecting ? 'opening' : (this.#socket?.readyState ?? 'closed');
  }

  address(): object {
    return this.#socket?.address() ?? {};
  }

  setNoDelay(on?: boolean): this {
    return this.#setting((socket) => socket.setNoDelay(on));
  }

  setKeepAlive(on?: boolean, delayMs?: number): this {
    return this.#setting((socket) => socket.setKeepAlive(on, delayMs));
  }

  setTimeout(ms: number, listener?: () => void): this {
    if (listener) this.once('timeout', listener);
    return this.#setting((socket) => socket.setTimeout(ms));
  }

  ref(): this {
    return this.#setting((socket) => socket.ref());
  }

  unref(): this {
    return this.#setting((socket) => socket.unref());
  }

  /** Gives a dial up: mysql2 and postgres.js have no other way to say so. */
  override end(...last: unknown[]): this {
    return this.connecting ? this.destroy() : super.end(...(last as []));
  }

  override _read(): void {
    if (this.#socket) this.#socket.resume();
    else this.connect();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: Done): void {
    if (this.#socket) this.#send(this.#socket, chunk, done);
    else {
      this.#pending = () => this._write(chunk, 'utf8', done);
      this.connect();
    }
  }

  override _writev(chunks: { chunk: Buffer }[], done: Done): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'utf8', done);
  }

  override _final(done: Done): void {
    if (this.#socket && !this.#socket.destroyed) this.#socket.end(done);
    else done();
  }

  /**
   * pg makes an error of a close that it did not ask for, and its pool first drops the connection and then emits that
   * error, which ends the process where nobody listens. A connection that is retired on purpose is not worth that.
   */
  override emit(event: string | symbol, ...args: unknown[]): boolean {
    if (!this.#retired) return super.emit(event, ...args);
    try {
      return super.emit(event, ...args);
    } catch {
      return true;
    }
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#abort.abort();
    this.#socket?.destroy();
    this.#settings = [];
    this.#pending = undefined;
    done(error);
  }

  #send(socket: Socket, chunk: Buffer, done: Done): void {
    const alter = this.#firstWrite;
    this.#firstWrite = undefined;
    this.#wrote = true;
    socket.write(alter ? alter(chunk) : chunk, done);
  }

  #altered(chunk: Buffer, socket: Socket): Buffer {
    const bytes = this.#incoming?.(chunk, (answer) => void socket.write(answer));
    if (bytes === undefined) this.#incoming = undefined;
    return bytes ?? chunk;
  }

  #retire(): void {
    this.#retired = true;
    // First as when the server ends it, because that is all that mariadb hears.
    this.push(null);
    setImmediate(() => this.destroy());
  }

  #setting(apply: (socket: Socket) => void): this {
    if (this.#socket) apply(this.#socket);
    else if (!this.destroyed) this.#settings.push(apply);
    return this;
  }

  #adopt(socket: Socket): void {
    if (this.destroyed) {
      socket.destroy();
      return;
    }
    this.#socket = socket;
    for (const apply of this.#settings) apply(socket);
    this.#settings = [];
    socket.on('data', (chunk: Buffer) => {
      this.#answered = true;
      if (this.#retired) return;
      if (!this.push(this.#incoming && this.#wrote ? this.#altered(chunk, socket) : chunk)) socket.pause();
    });
    socket.on('end', () => {
      const refusal = this.#answered || this.writableEnded ? undefined : this.#refused();
      if (refusal) this.destroy(this.#toError(refusal));
      else this.push(null);
    });
    socket.on('timeout', () => this.emit('timeout'));
    onRetirement(socket, () => {
      afterWrites()
        .then(() => this.#retire())
        .catch(() => {});
    });
    socket.on('error', (error) => {
      this.destroy(this.#answered ? error : this.#toError(this.#refused(error) ?? error));
    });
    socket.on('close', () => {
      // After an orderly end the reader may still be busy with what came before it.
      if (!socket.readableEnded) this.destroy();
    });
    this.emit('connect');
    this.emit('ready');
    const flush = this.#pending;
    this.#pending = undefined;
    flush?.();
  }
}
