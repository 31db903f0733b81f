import dns from 'node:dns/promises';
import type { TLSSocket } from 'node:tls';
import { deadline, waitOrAbort } from '../deadline.ts';
import { cloudSqlError } from '../errors.ts';
import type { DnsName } from '../instance/dns-name.ts';
import type { Instance } from '../instance/instance.ts';
import { type Resolution, resolveName } from '../instance/resolve.ts';
import type { AuthType } from '../options/connection-options.ts';
import type { ResolvedConnectorOptions } from '../options/connector-options.ts';
import { instanceOfDnsName } from '../service/cloud-sql.ts';
import type { Instances } from '../service/instances.ts';
import type { OpenedSocket } from '../service/open-socket.ts';
import { type NameStatus, WatchedName } from './watched-name.ts';

/** How long one look-up may take, in milliseconds: all who come meanwhile wait for it. */
const lookUpTimeoutMs = 20_000;

/** A name may lead elsewhere again while it is being dialled, but hardly ever twice. */
const attempts = 3;

/** What a name is called for. */
export interface NameRequest {
  readonly name: Instance | DnsName;
  /** How it is going to be dialled, where that is known. */
  readonly authType?: AuthType;
  readonly signal?: AbortSignal | undefined;
}

/** The DNS names that one connector has been asked for. The names of instances pass through it unchanged. */
export class Names {
  readonly #options: ResolvedConnectorOptions;
  readonly #instances: Instances;
  readonly #life = new AbortController();
  readonly #watched: Map<string, { readonly watch: WatchedName; readonly authTypes: Set<AuthType> }> = new Map();

  constructor(options: ResolvedConnectorOptions, instances: Instances) {
    this.#options = options;
    this.#instances = instances;
  }

  /** The instance that a name stands for. @throws ConfigError, RefreshError */
  async get({ name, authType, signal }: NameRequest): Promise<Instance> {
    if (name.service) return name;
    return (await waitOrAbort(this.#watch(name, authType).get(), signal)).instance;
  }

  /** The instance that a name stood for when it was last looked up. Starts nothing. */
  peek(name: Instance | DnsName): Instance | undefined {
    return name.service ? name : this.#watched.get(name.id)?.watch.peek();
  }

  /** What is known of each name. */
  status(): NameStatus[] {
    return [...this.#watched.values()].map(({ watch }) => watch.status);
  }

  /** Opens a connection to what a name stands for, and to nothing that it stands for no more when that is done. */
  async dial(
    { name, authType, signal }: NameRequest & { readonly signal: AbortSignal },
    open: (instance: Instance, domain?: { name: string; addresses: readonly string[] }) => Promise<OpenedSocket>,
  ): Promise<TLSSocket> {
    if (name.service) return (await open(name)).socket;
    const watch = this.#watch(name, authType);
    let target = await waitOrAbort(watch.get(), signal);
    for (let attempt = 1; ; attempt++) {
      try {
        const domain = { name: name.id, addresses: target.addresses };
        const { socket, certificateExpiresAt } = await open(target.instance, domain);
        if (watch.isCurrent(target) || attempt === attempts) {
          watch.track(socket, target.instance, certificateExpiresAt);
          return socket;
        }
        socket.destroy();
        target = await waitOrAbort(watch.get(), signal);
      } catch (error) {
        if (signal.aborted || attempt === attempts) throw error;
        const now = await waitOrAbort(watch.afterFailure(), signal);
        if (isSame(now, target)) throw error;
        target = now;
      }
    }
  }

  /** Stops watching, and asking. Open connections stay. */
  close(reason: Error): void {
    this.#life.abort(reason);
    for (const { watch } of this.#watched.values()) watch.close();
    this.#watched.clear();
  }

  #watch(name: DnsName, authType: AuthType | undefined): WatchedName {
    let known = this.#watched.get(name.id);
    if (!known) {
      const { failoverPeriodMs: periodMs, allowedProjects, logger } = this.#options;
      const authTypes = new Set<AuthType>();
      const prepare = (instance: Instance): Promise<unknown> =>
        Promise.all([...authTypes].map((each) => this.#instances.of({ instance, authType: each }).info.get()));
      const resolve = (): Promise<Resolution> => this.#lookUp(name);
      known = { watch: new WatchedName({ name, resolve, prepare, periodMs, allowedProjects, logger }), authTypes };
      this.#watched.set(name.id, known);
    }
    if (authType) known.authTypes.add(authType);
    return known.watch;
  }

  async #lookUp(name: DnsName): Promise<Resolution> {
    const late = (): Error =>
      cloudSqlError('CLOUDSQL_DNS_FAILED', `There was no answer within ${lookUpTimeoutMs} ms`, { instance: name.id });
    const { signal, clear } = deadline(lookUpTimeoutMs, late, this.#life.signal);
    const askApi = async (dnsName: string, region: string): Promise<string> => {
      const plane = this.#instances.plane('cloud-sql');
      const { endpoint, credentials } = plane;
      return instanceOfDnsName({ api: await plane.api(), endpoint, credentials, signal }, dnsName, region);
    };
    try {
      return await waitOrAbort(resolveName(name, { resolver: this.#options.resolver ?? dns, askApi }), signal);
    } finally {
      clear();
    }
  }
}

function isSame(a: Resolution, b: Resolution): boolean {
  return a.instance.id === b.instance.id && a.addresses.join() === b.addresses.join();
}
