import { EmulatorError } from './errors.ts';
import type { Instance, RunningInstance } from './instance.ts';
import type { InstanceName, ServiceName } from './instance-name.ts';
import { parseInstanceName } from './instance-name.ts';
import { allOrFirstError } from './lifetime.ts';
import type { InstancePki } from './pki/pki.ts';
import type { ResolvedInstance } from './resolve-options.ts';

/** What brings instances into being. */
export interface InstancesOptions {
  /** Starts an instance: its database, its certificates, its addresses. */
  readonly open: (wanted: ResolvedInstance) => Promise<RunningInstance>;
  /** Says what an instance is like that nobody has described; `undefined` if only described ones exist. */
  readonly describe: ((name: InstanceName) => ResolvedInstance) | undefined;
  /** Gives the certificates of an AlloyDB cluster. */
  readonly openCluster: (cluster: string) => Promise<InstancePki>;
  /** Called for each instance that came into being after the start. */
  readonly onCreated: (instance: RunningInstance) => void;
}

/** Region of an instance that is made for a client that does not say where it should be. */
const DEFAULT_REGION = 'us-central1';

/** The instances of one emulator. Those of `demo-` projects may come into being when somebody first asks for them. */
export class Instances {
  readonly #options: InstancesOptions;
  readonly #running: RunningInstance[] = [];
  readonly #arriving = new Map<string, Promise<RunningInstance>>();
  #closed = false;

  constructor(options: InstancesOptions) {
    this.#options = options;
  }

  /** Starts instances, all at once. */
  async start(wanted: readonly ResolvedInstance[]): Promise<void> {
    this.#running.push(...(await allOrFirstError(wanted.map(this.#options.open))));
  }

  /** Those that run now. */
  list(service?: ServiceName): readonly RunningInstance[] {
    return this.#running.filter(({ instance }) => service === undefined || instance.name.service === service);
  }

  /** Tells whether there are instances of a service, or could be. */
  mayHave(service: ServiceName): boolean {
    return this.#options.describe !== undefined || this.list(service).length > 0;
  }

  /** Finds the certificates of an AlloyDB cluster, also of one whose instances are yet to come. */
  async clusterPki(cluster: string): Promise<InstancePki | undefined> {
    const [first] = this.inCluster(cluster);
    const isKnown = first !== undefined || this.#isMakeable(parseInstanceName(`${cluster}/instances/any`));
    return isKnown ? await this.#options.openCluster(cluster) : undefined;
  }

  /** Those of an AlloyDB cluster. */
  inCluster(cluster: string): readonly RunningInstance[] {
    return this.#running.filter(({ instance }) => instance.name.certificateScope === cluster);
  }

  /** Finds a running instance by its whole name. @throws EmulatorError `UNKNOWN_INSTANCE` */
  get(name: string): Instance {
    const found = this.#running.find(({ instance }) => instance.name.connectionName === name);
    if (found) return found.instance;
    const names = this.#running.map(({ instance }) => instance.name.connectionName).join(', ') || 'none';
    throw new EmulatorError('UNKNOWN_INSTANCE', `The emulator has no instance '${name}'; it has ${names}.`);
  }

  /** Finds an instance of Cloud SQL, which its API knows by project and id alone, or makes it in a region. */
  async findCloudSql(
    project: string,
    id: string,
    region: string = DEFAULT_REGION,
  ): Promise<RunningInstance | undefined> {
    const found = this.#running.find(
      ({ instance: { name } }) => name.service === 'cloud-sql' && name.project === project && name.id === id,
    );
    return found ?? (await this.#make(`${project}:${region}:${id}`, `${project}:${id}`));
  }

  /** Finds an instance of AlloyDB, or makes it. */
  async findAlloyDb(name: string): Promise<RunningInstance | undefined> {
    const found = this.#running.find(({ instance }) => instance.name.connectionName === name);
    return found ?? (await this.#make(name, name));
  }

  /** Makes no more instances, and waits for those that are on their way. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#arriving.values());
  }

  #make(text: string, key: string): Promise<RunningInstance> | undefined {
    const name = parseInstanceName(text);
    const { describe } = this.#options;
    if (!describe || !name || !this.#isMakeable(name)) return undefined;
    const arriving = this.#arriving.get(key) ?? this.#create(describe(name));
    // Kept while it is on its way only: who fails now may succeed later.
    this.#arriving.set(key, arriving);
    const forget = (): void => void this.#arriving.delete(key);
    arriving.then(forget, forget);
    return arriving;
  }

  #isMakeable(name: InstanceName | undefined): boolean {
    return !this.#closed && this.#options.describe !== undefined && (name?.project.startsWith('demo-') ?? false);
  }

  async #create(wanted: ResolvedInstance): Promise<RunningInstance> {
    const running = await this.#options.open(wanted);
    this.#running.push(running);
    this.#options.onCreated(running);
    return running;
  }
}
