import net from 'node:net';
import { UsageError } from '../../cli/usage-error.ts';
import type { Given, Kind, KindValues } from './setting.ts';

/**
 * Reads a value as it was written, whether as text or, in a file, with a type of its own.
 * @throws UsageError that names the source, the value unless it can be a secret, and what it should be
 */
export function readValue<K extends Kind>(kind: K, given: unknown, source: string): Given<KindValues[K]> {
  const reader: Reader<KindValues[K]> = readers[kind];
  const text = typeof given === 'number' || typeof given === 'boolean' ? String(given) : given;
  const value = typeof text === 'string' ? reader.read(text.trim()) : undefined;
  if (value !== undefined) return { value, source };
  // Text can be a token or a key; what is wrong with it is that it is empty, or no text.
  const shown = typeof text !== 'string' ? describe(given) : text.trim() === '' ? 'empty' : `"${text}"`;
  throw new UsageError(`${source} is ${shown}, expected ${reader.expected}`, reader.remedy);
}

interface Reader<Value> {
  readonly read: (text: string) => Value | undefined;
  readonly expected: string;
  readonly remedy: string;
}

const readers: { readonly [K in Kind]: Reader<KindValues[K]> } = {
  TEXT: { read: (text) => text || undefined, expected: 'text', remedy: 'Set it, or leave it out.' },
  SWITCH: { read: readSwitch, expected: 'true or false', remedy: 'Use true or false.' },
  COUNT: { read: readCount, expected: 'a whole number from 0 up', remedy: 'Use such a number, or leave it out.' },
  PORT: {
    read: (text) => within(readCount(text), 65_535),
    expected: 'a port from 0 to 65535',
    remedy: 'Use such a number, or leave it out.',
  },
  DURATION: {
    read: readDuration,
    expected: 'a duration',
    remedy: 'Write a number and its unit: 30s, 500ms, 1m30s.',
  },
  ADDRESS: {
    read: (text) => (net.isIP(text) !== 0 && !text.includes('%') ? text : undefined),
    expected: 'an IP address',
    remedy: 'Use 127.0.0.1 or ::1; 0.0.0.0 is every address of this machine.',
  },
  URL: {
    read: readUrl,
    expected: 'the https URL of an API',
    remedy: 'Write https://HOST; http works on loopback only.',
  },
  EMAILS: {
    read: (text) => (/^[^@,\s]+@[^@,\s]+(,[^@,\s]+@[^@,\s]+)*$/.test(text) ? text : undefined),
    expected: 'the e-mail address of a service account',
    remedy: 'Write the account to act as, and its delegates behind commas.',
  },
  MODE: {
    read: (text) => (/^(0o?)?[0-7]{3}$/.test(text) ? Number.parseInt(text.slice(-3), 8) : undefined),
    expected: 'permissions in octal',
    remedy: 'Use 600, 660 or 777.',
  },
};

function readSwitch(text: string): boolean | undefined {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true;
  return ['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text) ? false : undefined;
}

/** A whole number as Go's flags take it: also `0x10`, `0o17`, `0b1` and `1_000`. */
function readCount(text: string): number | undefined {
  if (!/^\+?(0[xX](_?[0-9a-fA-F])+|0[oO](_?[0-7])+|0[bB](_?[01])+|\d(_?\d)*)$/.test(text)) return undefined;
  const digits = text.replace('+', '').replaceAll('_', '');
  // In Go a zero in front is octal.
  const value = /^0\d+$/.test(digits)
    ? /^[0-7]+$/.test(digits)
      ? Number.parseInt(digits, 8)
      : Number.NaN
    : Number(digits);
  return Number.isSafeInteger(value) ? value : undefined;
}

function within(value: number | undefined, max: number): number | undefined {
  return value !== undefined && value <= max ? value : undefined;
}

const units = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** The longest time that a timer can wait, in milliseconds. */
const longestMs = 2 ** 31 - 1;

/** A duration as Go writes it: numbers with units, one behind the other; of zero the unit may be left out. */
function readDuration(text: string): number | undefined {
  if (/^\+?0+$/.test(text)) return 0;
  if (!/^\+?((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$/.test(text)) return undefined;
  let ms = 0;
  for (const [, number, unit] of text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    ms += Number(number) * units[unit as keyof typeof units];
  }
  return ms <= longestMs ? Math.ceil(ms) : undefined;
}

function readUrl(text: string): string | undefined {
  if (!/^https?:\/\/[^\s{}|\\^`<>"]+$/.test(text) || !URL.canParse(text)) return undefined;
  const { protocol, hostname, username, password, search, hash } = new URL(text);
  if (username || password || search || hash) return undefined;
  const isLoopback = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
  return protocol === 'https:' || isLoopback ? text.replace(/\/+$/, '') : undefined;
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  return Array.isArray(value) ? 'a list' : `of the type ${typeof value}`;
}
