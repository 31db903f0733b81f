import { emulatorHost, emulatorVariables } from '../credentials/emulator.ts';
import { createCredentials } from '../credentials/sources.ts';
import { type CloudSqlError, ConfigError } from '../errors.ts';
import type { Instance, ServiceName } from '../instance/instance.ts';
import type { AuthType } from '../options/connection-options.ts';
import type { ResolvedConnectorOptions } from '../options/connector-options.ts';
import { publish } from '../telemetry.ts';
import { type ControlPlane, controlPlane } from './control-plane.ts';
import { InstanceCache } from './instance-cache.ts';
import { services } from './services.ts';

/** What {@link Connector.status} says of one instance. */
export interface InstanceStatus {
  readonly instance: string;
  /** Whether its certificates carry an IAM identity; those of AlloyDB never do. */
  readonly iam: boolean;
  /** When the certificate in hand expires; undefined where there is no valid one. */
  readonly expiresAt: Date | undefined;
  /** The last failed refresh, until one succeeds. */
  readonly error: Error | undefined;
}

/** All that one connector knows of instances, and how it speaks to their control planes. Both are made at first use. */
export class Instances {
  readonly #options: ResolvedConnectorOptions;
  readonly #caches: Map<string, InstanceCache> = new Map();
  readonly #planes: Map<ServiceName, ControlPlane> = new Map();
  #closed = false;

  /** @throws ConfigError for options that contradict each other or the environment */
  constructor(options: ResolvedConnectorOptions) {
    this.#options = options;
    // Both only check here; what they find is asked for again at the first use.
    for (const { name, scopes } of Object.values(services)) {
      createCredentials(options, scopes);
      emulatorHost(name, options);
    }
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** What is known of an instance, as such a login needs it. @throws ConfigError */
  of({ instance, authType }: { readonly instance: Instance; readonly authType: AuthType }): InstanceCache {
    const service = services[instance.service];
    const plane = this.plane(service.name);
    const iam = service.identityInCertificate && authType === 'IAM';
    const key = `${instance.id} ${iam}`;
    const known = this.#caches.get(key);
    if (known) return known;
    refuseToLeave(instance, plane);
    const made = new InstanceCache(service, plane, instance, iam, this.#options);
    this.#caches.set(key, made);
    return made;
  }

  /** @throws ConfigError `CLOUDSQL_CONNECTOR_CLOSED` */
  plane(name: ServiceName): ControlPlane {
    if (this.#closed) throw closedError();
    const plane = this.#planes.get(name) ?? controlPlane(this.#options, services[name]);
    this.#planes.set(name, plane);
    return plane;
  }

  status(): InstanceStatus[] {
    return [...this.#caches.values()].map(({ instance, iam, info, error }) => {
      const expiresAt = info.peek()?.expiresAt;
      return {
        instance: instance.id,
        iam,
        expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt),
        error,
      };
    });
  }

  /** Stops all work for good. To be called once. */
  async close(reason: Error): Promise<void> {
    this.#closed = true;
    const caches = [...this.#caches.values()];
    for (const { info } of caches) info.close(reason);
    publish('close', { instances: caches.map(({ instance }) => instance.id) });
    this.#caches.clear();
    await Promise.all([...this.#planes.values()].map((plane) => plane.close(reason)));
  }
}

/** What everybody is told who wants something of a closed connector. */
export function closedError(): CloudSqlError {
  return new ConfigError('CLOUDSQL_CONNECTOR_CLOSED', 'The connector is closed');
}

/** Keeps projects that exist only in the emulator on this machine. @throws ConfigError `CLOUDSQL_EMULATOR_REQUIRED` */
export function refuseToLeave({ project, service, id }: Instance, { emulated }: ControlPlane): void {
  if (emulated || !project.startsWith('demo-')) return;
  throw new ConfigError('CLOUDSQL_EMULATOR_REQUIRED', `${emulatorVariables[service]} is not set`, { instance: id });
}
