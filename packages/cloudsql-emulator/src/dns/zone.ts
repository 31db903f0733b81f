import type { Answer, Packet, Question, RecordType } from 'dns-packet';
import { AUTHORITATIVE_ANSWER, RECURSION_AVAILABLE, RECURSION_DESIRED } from 'dns-packet';
import { checkArray, checkKeys, checkRecord, checkText, invalid } from '../option-checks.ts';

/** What a DNS name answers with. Each kind of record is one value, or several. */
export interface DnsRecords {
  /** Texts. One of more than 255 bytes is sent in chunks; an array in the array is a record in the chunks it says. */
  readonly TXT?: string | readonly (string | readonly string[])[];
  readonly A?: string | readonly string[];
  readonly AAAA?: string | readonly string[];
  /** Another name that this one stands for; it can have no records of its own then. */
  readonly CNAME?: string;
  /** How long an answer may be kept, in seconds. @default 0 */
  readonly ttl?: number;
}

/** How a look-up goes wrong: `'SILENT'` gets no answer at all. */
export type DnsFault = 'NXDOMAIN' | 'SERVFAIL' | 'REFUSED' | 'SILENT';

type Stored = { readonly ttl: number; readonly records: readonly { type: RecordType; data: unknown }[] };

const RCODE = { NXDOMAIN: 3, SERVFAIL: 2, REFUSED: 5 } as const;
const LONGEST_CHAIN = 32;

/** The names that the stub resolver knows, and what is wrong with them. */
export class Zone {
  readonly #names = new Map<string, Stored>();
  readonly #faults = new Map<string, DnsFault>();
  readonly #queries = new Map<string, number>();

  /** @throws EmulatorError `INVALID_OPTION` */
  set(name: string, records: DnsRecords | undefined): void {
    const key = keyOf(checkText(name, 'dns.name'));
    if (records === undefined) this.#names.delete(key);
    else this.#names.set(key, check(records));
  }

  /** Makes look-ups of a name, or of all with `'*'`, go wrong. @throws EmulatorError `INVALID_OPTION` */
  fail(name: string, fault: DnsFault | undefined): void {
    const key = keyOf(checkText(name, 'faults.dns'));
    if (fault === undefined) this.#faults.delete(key);
    else if (fault === 'SILENT' || fault in RCODE) this.#faults.set(key, fault);
    else invalid('faults.dns', "must be 'NXDOMAIN', 'SERVFAIL', 'REFUSED' or 'SILENT'", fault);
  }

  /** Ends all faults. */
  heal(): void {
    this.#faults.clear();
  }

  /** Look-ups since the start or the last reset, by name and type: `{ 'db.example.com TXT': 2 }`. */
  queries(): Record<string, number> {
    return Object.fromEntries(this.#queries);
  }

  resetQueries(): void {
    this.#queries.clear();
  }

  /** Answers one query; `undefined` where silence is the answer. */
  answer({ id = 0, questions = [] }: Packet): Packet | undefined {
    const [question] = questions;
    if (!question) return response(id, [], [], RCODE.REFUSED);
    const name = keyOf(question.name);
    const counted = `${name} ${question.type}`;
    this.#queries.set(counted, (this.#queries.get(counted) ?? 0) + 1);
    const fault = this.#faults.get(name) ?? this.#faults.get('*');
    if (fault === 'SILENT') return undefined;
    if (fault) return response(id, questions, [], RCODE[fault]);
    const { answers, known } = this.#find(question);
    return response(id, questions, answers, known ? 0 : RCODE.NXDOMAIN);
  }

  /** Follows names that stand for others, as a resolver does for its clients. */
  #find({ name, type }: Question): { answers: Answer[]; known: boolean } {
    const answers: Answer[] = [];
    let current = name;
    for (let hop = 0; hop < LONGEST_CHAIN; hop++) {
      const stored = this.#names.get(keyOf(current));
      if (!stored) return { answers, known: false };
      const { ttl, records } = stored;
      const own = records.filter((record) => record.type === type || record.type === 'CNAME');
      answers.push(...own.map((record) => ({ name: current, ttl, class: 'IN', ...record }) as Answer));
      const alias = own.find((record) => record.type === 'CNAME');
      if (!alias || type === 'CNAME') break;
      current = alias.data as string;
    }
    return { answers, known: true };
  }
}

function response(id: number, questions: Question[], answers: Answer[], rcode: number): Packet {
  // What there is not is said with the zone's SOA, whose last number is how long that may be remembered.
  const soa = {
    mname: 'ns.emulator',
    rname: 'root.emulator',
    serial: 1,
    refresh: 60,
    retry: 60,
    expire: 60,
    minimum: 0,
  };
  const isNegative = answers.length === 0 && (rcode === 0 || rcode === RCODE.NXDOMAIN) && questions.length > 0;
  return {
    id,
    type: 'response',
    flags: AUTHORITATIVE_ANSWER | RECURSION_DESIRED | RECURSION_AVAILABLE | rcode,
    questions,
    answers,
    authorities: isNegative ? [{ type: 'SOA', name: questions[0]!.name, ttl: 0, class: 'IN', data: soa }] : [],
  };
}

function check(given: DnsRecords): Stored {
  const where = 'dns.records';
  const { TXT, A, AAAA, CNAME, ttl } = checkKeys(checkRecord(given, where), where, [
    'TXT',
    'A',
    'AAAA',
    'CNAME',
    'ttl',
  ]);
  if (ttl !== undefined && !(Number.isInteger(ttl) && (ttl as number) >= 0)) {
    invalid(`${where}.ttl`, 'must be a whole number of seconds', ttl);
  }
  if (CNAME !== undefined && (TXT ?? A ?? AAAA) !== undefined) {
    invalid(where, 'cannot hold CNAME and other records as well', given);
  }
  const all = (type: RecordType, value: unknown, read: (entry: unknown, at: string) => unknown): Stored['records'] =>
    (value === undefined ? [] : typeof value === 'string' ? [value] : checkArray(value, `${where}.${type}`)).map(
      (entry) => ({ type, data: read(entry, `${where}.${type}`) }),
    );
  return {
    ttl: (ttl as number | undefined) ?? 0,
    records: [
      ...all('TXT', TXT, (entry, at) =>
        Array.isArray(entry) ? entry.map((chunk) => checkText(chunk, at)) : chunks(checkText(entry, at)),
      ),
      ...all('A', A, checkText),
      ...all('AAAA', AAAA, checkText),
      ...all('CNAME', CNAME, checkText),
    ],
  };
}

/** A string of a TXT record holds 255 bytes. */
function chunks(text: string): Buffer[] {
  const bytes = Buffer.from(text);
  return Array.from({ length: Math.ceil(bytes.length / 255) }, (_, i) => bytes.subarray(i * 255, (i + 1) * 255));
}

function keyOf(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}
