import type { Connector, SessionEvent } from '@x/cloudsql-core';
import type { SessionLimit } from '@x/cloudsql-core/listener';
import { inFlagWords } from '../../cli/flag-words.ts';
import type { InstanceConfig } from '../config/proxy-config.ts';
import { observe } from './channels.ts';
import { dialOptions, type ServedInstance } from './serve-instance.ts';
import { testConnection } from './test-connection.ts';

/** How long an instance may take to prove that it can be reached, and how long the answer is good, in milliseconds. */
const [probeTimeoutMs, probeLifeMs] = [5000, 5000];

/** How far the proxy has come. */
export type Phase = 'STARTING' | 'SERVING' | 'STOPPING';

/** Knows whether the proxy can serve the next client, and if not, why. */
export class Health {
  phase: Phase = 'STARTING';
  /** Stops listening to how clients fare. */
  readonly close: () => void;
  readonly #connector: Connector;
  readonly #limit: SessionLimit | undefined;
  readonly #probes: Map<string, Probe> = new Map();
  readonly #failing: Set<string> = new Set();
  #served: readonly ServedInstance[] = [];

  constructor(connector: Connector, limit: SessionLimit | undefined) {
    this.#connector = connector;
    this.#limit = limit;
    this.close = observe({ session: (event) => this.#onSession(event) });
  }

  /** All instances are served. */
  serving(served: readonly ServedInstance[]): void {
    this.#served = served;
    this.phase = 'SERVING';
  }

  /** How many instances are served. */
  get instances(): number {
    return this.#served.length;
  }

  /**
   * What keeps the next client from being served; nothing if it can be, by as many instances as are enough. Each of them
   * must have a certificate, or be able to get one. It is dialled only if the last client could not be connected,
   * because databases count connections that say nothing.
   */
  async problems(enough: number = this.instances): Promise<readonly string[]> {
    if (this.phase === 'STARTING') return ['the proxy has not started yet'];
    if (this.phase === 'STOPPING') return ['the proxy has stopped'];
    const full = this.#limit && isFull(this.#limit) ? [`all ${this.#limit.max} connections are in use`] : [];
    const ofInstances = await Promise.all(this.#served.map((each) => this.#problem(each)));
    const found = ofInstances.filter((problem) => problem !== undefined);
    return ofInstances.length - found.length >= enough ? full : [...full, ...found];
  }

  /** What keeps instances from being reached, found out by connecting to each of them. */
  async unreachable(): Promise<readonly string[]> {
    const probes = this.#served.map(({ config }) => this.#probe(config, true));
    return (await Promise.all(probes)).filter((problem) => problem !== undefined);
  }

  #onSession({ phase, instance, error }: SessionEvent): void {
    if (phase === 'JOINED') this.#failing.delete(instance);
    // That there are too many clients, or that one may not log in, says nothing of the instance.
    else if (error && 'code' in error && error.code !== 'CLOUDSQL_TOO_MANY_SESSIONS') this.#failing.add(instance);
  }

  #problem({ config, limit }: ServedInstance): Promise<string | undefined> | string {
    if (limit && isFull(limit)) return `all ${limit.max} connections of ${config.instance.id} are in use`;
    return this.#probe(config, this.#failing.has(config.instance.id));
  }

  /** One at a time for each instance, and not more often than makes sense, however often somebody asks. */
  #probe(config: InstanceConfig, dials: boolean): Promise<string | undefined> {
    const key = `${config.instance.id} ${dials}`;
    const known = this.#probes.get(key);
    if (known && Date.now() < known.until) return known.answer;
    const answer = probe(config, this.#connector, dials);
    const made: Probe = { answer, until: Number.POSITIVE_INFINITY };
    this.#probes.set(key, made);
    void answer.then((problem) => {
      if (dials && problem === undefined) this.#failing.delete(config.instance.id);
      made.until = Date.now() + (problem === undefined ? 0 : probeLifeMs);
    });
    return answer;
  }
}

interface Probe {
  readonly answer: Promise<string | undefined>;
  until: number;
}

function isFull({ open, max }: SessionLimit): boolean {
  return open >= max;
}

/** What is wrong with an instance, if anything. Never rejects. */
async function probe(config: InstanceConfig, connector: Connector, dials: boolean): Promise<string | undefined> {
  const options = { ...dialOptions(config), timeoutMs: probeTimeoutMs };
  try {
    if (dials) await testConnection(connector, options);
    else await connector.warmup(options);
    return undefined;
  } catch (error) {
    return inFlagWords((error as Error).message);
  }
}
