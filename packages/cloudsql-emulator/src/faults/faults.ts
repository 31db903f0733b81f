import type { DataPlane } from '../data-plane/data-plane.ts';
import type { DnsFault, Zone } from '../dns/zone.ts';
import type { Instances } from '../instances.ts';
import { CertificateAuthority } from '../pki/certificate-authority.ts';
import type { ClientCertificates } from '../pki/client-certificates.ts';
import { loadX509 } from '../pki/x509-library.ts';
import type { ApiFault, ApiFaults } from './api-faults.ts';
import type { ConnectionFault } from './connection-faults.ts';
import { checkConnectionFault } from './connection-faults.ts';
import type { MetadataFault, MetadataFaults } from './metadata-faults.ts';
import type { ServerFault } from './server-face.ts';
import { changeFace, rotateServerAuthority } from './server-face.ts';

interface FaultsParts {
  readonly api: ApiFaults;
  readonly metadata: MetadataFaults;
  readonly zone: Zone;
  readonly dataPlane: DataPlane;
  readonly certificates: ClientCertificates;
  readonly instances: Instances;
}

/**
 * Makes a running emulator misbehave. Each method replaces the fault of its kind, and ends it when it is given
 * `undefined`; a fault holds from the moment that the call returns or its promise resolves.
 *
 * @example
 * ```ts
 * cloud.faults.api('connectSettings', { status: [503, 503] }); // two calls fail, then all is well
 * await cloud.faults.connections('demo-shop:europe-west1:orders', 'REFUSED');
 * ```
 */
export class Faults {
  readonly #parts: FaultsParts;

  /** Made by `startEmulator` only. */
  constructor(parts: FaultsParts) {
    this.#parts = parts;
  }

  /**
   * Makes calls of an API method go wrong: `connectSettings`, `generateEphemeralCert`, `connectionInfo`,
   * `generateClientCertificate`, `token`, `tokeninfo`, `metadata`, or all of them with `'*'`.
   * @throws EmulatorError `INVALID_OPTION`
   */
  api(method: string, fault: ApiFault | undefined): void {
    this.#parts.api.set(method, fault);
  }

  /**
   * Disables an API for all projects, as it is where nobody has enabled it, or enables it again:
   * `sqladmin.googleapis.com`, `alloydb.googleapis.com`, `iamcredentials.googleapis.com`.
   * @throws EmulatorError `INVALID_OPTION`
   */
  disable(api: string, isDisabled = true): void {
    this.#parts.api.disable(api, isDisabled);
  }

  /** How many API calls faults have hit since the start. */
  get injected(): number {
    return this.#parts.api.injected;
  }

  /** Makes the admin API lie about an instance. @throws EmulatorError `INVALID_OPTION`, `UNKNOWN_INSTANCE` */
  metadata(instance: string, fault: MetadataFault | undefined): void {
    this.#parts.metadata.set(this.#parts.instances.get(instance).name.connectionName, fault);
  }

  /** Makes look-ups of a DNS name, or of all with `'*'`, go wrong. @throws EmulatorError `INVALID_OPTION` */
  dns(name: string, fault: DnsFault | undefined): void {
    this.#parts.zone.fail(name, fault);
  }

  /** Makes connections to an instance go wrong. @throws EmulatorError `INVALID_OPTION`, `UNKNOWN_INSTANCE` */
  async connections(instance: string, fault: ConnectionFault | undefined): Promise<void> {
    await this.#parts.dataPlane.fail(this.#parts.instances.get(instance), checkConnectionFault(fault));
  }

  /** Changes the TLS server of an instance. @throws EmulatorError `INVALID_OPTION`, `UNKNOWN_INSTANCE` */
  async server(instance: string, fault: ServerFault | undefined): Promise<void> {
    const found = this.#parts.instances.get(instance);
    changeFace(found, fault);
    await this.#parts.dataPlane.renewTls();
  }

  /** Replaces the authority behind an instance's server certificate. Open connections stay. Cloud SQL only. @throws EmulatorError `UNKNOWN_INSTANCE`, `INVALID_OPTION` */
  async rotateServerCa(instance: string): Promise<void> {
    await rotateServerAuthority(this.#parts.instances.get(instance));
    await this.#parts.dataPlane.renewTls();
  }

  /** Replaces the authority behind all client certificates of Cloud SQL: those issued before are refused. Open connections stay. */
  async rotateClientCa(): Promise<void> {
    const { certificates, dataPlane } = this.#parts;
    certificates.use(await CertificateAuthority.create(await loadX509(), 'Google Cloud SQL Client CA'));
    await dataPlane.renewTls();
  }

  /** Ends all faults. What was rotated stays so. */
  async clear(): Promise<void> {
    const { api, metadata, zone, dataPlane, instances } = this.#parts;
    api.clear();
    metadata.clear();
    zone.heal();
    for (const { instance } of instances.list()) {
      await dataPlane.fail(instance, undefined);
      changeFace(instance, undefined);
    }
    await dataPlane.renewTls();
  }
}
