import type { Writable } from 'node:stream';
import { inFlagWords } from '../../cli/flag-words.ts';
import type { LogConfig } from '../config/proxy-config.ts';

/** How bad something is, in the words of Cloud Logging. */
export type Severity = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR';

/** What a line of JSON says besides its message. */
export interface LogFields {
  readonly instance?: string;
  readonly connection?: number;
  readonly client?: string;
  readonly address?: string;
  readonly addresses?: readonly object[];
  readonly bytesFromClient?: number;
  readonly bytesToClient?: number;
  readonly durationMs?: number;
  /** The stable code of an error. */
  readonly code?: string;
  readonly remedy?: string;
}

const ranks: Readonly<Record<Severity, number>> = { DEBUG: 0, INFO: 1, WARNING: 2, ERROR: 3 };

/** Writes lines as Google's proxies do: errors to stderr, all else to stdout; as text, or as JSON for Cloud Logging. */
export class Log {
  readonly #config: LogConfig;
  readonly #stdout: Writable;
  readonly #stderr: Writable;

  constructor(config: LogConfig, { stdout, stderr }: { readonly stdout: Writable; readonly stderr: Writable }) {
    this.#config = config;
    this.#stdout = stdout;
    this.#stderr = stderr;
  }

  debug(message: string, fields?: LogFields): void {
    this.#write('DEBUG', message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#write('INFO', message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#write('WARNING', message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#write('ERROR', message, fields);
  }

  #write(severity: Severity, said: string, { remedy, ...others }: LogFields = {}): void {
    const { json, level } = this.#config;
    if (ranks[severity] < ranks[level]) return;
    const message = inFlagWords(said);
    const fields = remedy === undefined ? others : { ...others, remedy: inFlagWords(remedy) };
    const stream = severity === 'ERROR' ? this.#stderr : this.#stdout;
    const now = new Date();
    stream.write(
      json
        ? `${JSON.stringify({ timestamp: now, severity, message, ...fields })}\n`
        : `${text(now, message, fields)}\n`,
    );
  }
}

/** A line for people, in local time as Go writes it. */
function text(now: Date, message: string, { instance, remedy }: LogFields): string {
  const two = (number: number): string => String(number).padStart(2, '0');
  const date = `${now.getFullYear()}/${two(now.getMonth() + 1)}/${two(now.getDate())}`;
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join(':');
  const about = instance === undefined ? '' : `[${instance}] `;
  const told = remedy === undefined || message.endsWith(remedy) ? '' : ` ${remedy}`;
  return `${date} ${time} ${about}${message}${told}`;
}

/** What a line says of an error. */
export function errorFields(error: unknown): Pick<LogFields, 'code' | 'remedy'> {
  const { code, remedy } = error as { code?: unknown; remedy?: unknown };
  return {
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof remedy === 'string' ? { remedy } : {}),
  };
}
