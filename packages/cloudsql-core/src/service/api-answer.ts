import { cloudSqlError } from '../errors.ts';
import type { Instance } from '../instance/instance.ts';
import type { IpType } from '../options/connection-options.ts';

/** Parses a part of an API's answer. @throws RefreshError `CLOUDSQL_BAD_API_ANSWER` where that fails */
export function usable<T>({ id }: Instance, what: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw cloudSqlError('CLOUDSQL_BAD_API_ANSWER', `The API sent no usable ${what}`, { instance: id, cause });
  }
}

/** What an AlloyDB instance can be dialled on. An address that it does not have is an empty text. */
export function alloyDbAddresses(privately: string, publicly: string, psc: string): Map<IpType, string> {
  const found: [IpType, string][] = [
    ['PRIVATE', privately],
    ['PUBLIC', publicly],
    ['PSC', psc.replace(/\.$/, '')],
  ];
  return new Map(found.filter(([, address]) => address !== ''));
}

/** Checks that a certificate that was just issued has not expired. @throws RefreshError `CLOUDSQL_CLOCK_SKEW` */
export function refuseExpired({ id }: Instance, expiresAt: number): void {
  if (expiresAt > Date.now()) return;
  const until = new Date(expiresAt).toISOString();
  throw cloudSqlError(
    'CLOUDSQL_CLOCK_SKEW',
    `The new certificate expired at ${until}, and it is ${new Date().toISOString()}`,
    { instance: id },
  );
}

/**
 * An object in an API's answer, read without trust: a field that is absent, or of another type than it should be, is
 * empty. Fields may be spelt `likeThis` or `like_this`, as JSON of protobuf messages has both.
 */
export class Answer {
  readonly #fields: Record<string, unknown>;

  constructor(value: unknown) {
    this.#fields = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  }

  text(name: string): string {
    const value = this.#field(name);
    return typeof value === 'string' ? value : '';
  }

  texts(name: string): string[] {
    return this.#list(name).map(String);
  }

  flag(name: string): boolean {
    return this.#field(name) === true;
  }

  object(name: string): Answer {
    return new Answer(this.#field(name));
  }

  objects(name: string): Answer[] {
    return this.#list(name).map((value) => new Answer(value));
  }

  #list(name: string): unknown[] {
    const value = this.#field(name);
    return Array.isArray(value) ? value : [];
  }

  #field(name: string): unknown {
    return this.#fields[name] ?? this.#fields[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];
  }
}
