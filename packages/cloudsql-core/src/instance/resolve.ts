import dns from 'node:dns/promises';
import { cloudSqlError } from '../errors.ts';
import { type DnsName, readDnsName, regionOfInstanceName } from './dns-name.ts';
import { type Instance, readInstance } from './instance.ts';

/** What looks DNS names up: a `Resolver` of `node:dns/promises` fits. Methods that are absent find nothing. */
export interface NameResolver {
  /** The TXT records of a name, each in its chunks. */
  resolveTxt(name: string): Promise<readonly (readonly string[])[]>;
  resolveCname?(name: string): Promise<readonly string[]>;
  resolve4?(name: string, options: { readonly ttl: true }): Promise<readonly AddressRecord[]>;
  resolve6?(name: string, options: { readonly ttl: true }): Promise<readonly AddressRecord[]>;
}

/** An address, and for how many seconds it is good. */
export interface AddressRecord {
  readonly address: string;
  readonly ttl: number;
}

/** What a DNS name stands for. */
export interface Resolution {
  readonly instance: Instance;
  /** The name's own addresses, where it has any. */
  readonly addresses: readonly string[];
  /** For how long that is good, in milliseconds. */
  readonly ttlMs: number;
}

/** How names are looked up. */
export interface Lookups {
  readonly resolver: NameResolver;
  /** Asks the API which instance has one of the names that Cloud SQL gives. */
  readonly askApi: (name: string, region: string) => Promise<string>;
}

/** Node does not say for how long a TXT record is good, so nothing is reused for longer than this, in milliseconds. */
const longestTtlMs = 1000;

/** A chain of CNAMEs is followed so far. */
const longestChain = 10;

/** The domain's own addresses are a preference and not worth a longer wait, in milliseconds. */
const addressPatienceMs = 2000;

/**
 * Finds the instance that a DNS name leads to: by its TXT record, or that of a name which it is a CNAME of, or through
 * the API where that is one of Cloud SQL's own names.
 * @throws RefreshError `CLOUDSQL_DNS_FAILED`, ConfigError `CLOUDSQL_DNS_NO_INSTANCE`, `CLOUDSQL_DNS_LOOP`
 */
export async function resolveName({ id }: DnsName, lookups: Lookups): Promise<Resolution> {
  const addresses = ownAddresses(id, lookups.resolver);
  const instance = await findInstance(id, lookups);
  const records = await addresses;
  return {
    instance,
    addresses: records.map(({ address }) => address),
    ttlMs: Math.min(longestTtlMs, ...records.map(({ ttl }) => ttl * 1000)),
  };
}

async function findInstance(name: string, { resolver, askApi }: Lookups): Promise<Instance> {
  let current = name;
  for (let hop = 0; hop <= longestChain; hop++) {
    const region = regionOfInstanceName(current);
    const answers = region
      ? [await askApi(current, region)]
      : (await records(name, () => resolver.resolveTxt(current))).map((chunks) => chunks.join('')).sort();
    const [found] = answers.map(readInstance).filter((parsed) => parsed !== undefined);
    if (found) return found;
    const [alias] = await records(name, async () => (await resolver.resolveCname?.(current)) ?? []);
    const next = alias === undefined ? undefined : readDnsName(alias.toLowerCase());
    if (!next) throw noInstance(name, current, answers);
    current = next.id;
  }
  const what = `Its CNAMEs go in a circle, or further than ${longestChain} names`;
  throw cloudSqlError('CLOUDSQL_DNS_LOOP', what, { instance: name });
}

function noInstance(name: string, last: string, answers: readonly string[]): Error {
  const at = last === name ? 'It' : `It leads to ${last}, which`;
  const first = answers[0] && `a TXT record that is no instance name, "${answers[0].slice(0, 100)}"`;
  return cloudSqlError('CLOUDSQL_DNS_NO_INSTANCE', `${at} has ${first ?? 'no TXT record'}`, { instance: name });
}

/** What a look-up finds; nothing where the name has no such records. */
async function records<T>(name: string, look: () => Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await look();
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException;
    if (code === dns.NODATA || code === dns.NOTFOUND) return [];
    throw cloudSqlError('CLOUDSQL_DNS_FAILED', `DNS does not answer: ${message}`, { instance: name, cause });
  }
}

/**
 * The addresses of a host: as the system finds them, or by DNS where it finds none; by the caller's own resolver where
 * there is one.
 */
export async function lookUpHost(host: string, resolver: NameResolver | undefined): Promise<readonly string[]> {
  const unknown = (cause: unknown): Error => cause as Error;
  const bySystem = resolver ? [] : await dns.lookup(host, { all: true }).catch(unknown);
  const found = Array.isArray(bySystem) && bySystem.length > 0 ? bySystem : await ownAddresses(host, resolver ?? dns);
  if (found.length > 0) return found.map(({ address }) => address);
  throw bySystem instanceof Error ? bySystem : new Error(`the resolver knows no address of ${host}`);
}

/** The A and AAAA records of a name; none where they cannot be had. */
async function ownAddresses(name: string, resolver: NameResolver): Promise<readonly AddressRecord[]> {
  const options = { ttl: true } as const;
  const both = Promise.allSettled([
    (async () => resolver.resolve4?.(name, options))(),
    (async () => resolver.resolve6?.(name, options))(),
  ]);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<[]>((resolve) => {
    timer = setTimeout(resolve, addressPatienceMs, []);
    timer.unref();
  });
  const settled = await Promise.race([both, late]);
  clearTimeout(timer);
  return settled.flatMap((result) => (result.status === 'fulfilled' ? (result.value ?? []) : []));
}
