import type { DataPlane } from '../data-plane/data-plane.ts';
import type { DnsFault, Zone } from '../dns/zone.ts';
import type { Instances } from '../instances.ts';
import { invalid } from '../option-checks.ts';
import type { Pki } from '../pki/pki.ts';
import type { ApiFault, ApiFaults } from './api-faults.ts';
import type { ConnectionFault } from './connection-faults.ts';
import { checkConnectionFault } from './connection-faults.ts';
import { checkExchangeFault, type ExchangeFault } from './exchange-faults.ts';
import type { MetadataFault, MetadataFaults } from './metadata-faults.ts';
import type { ServerFault } from './server-face.ts';
import { changeFace } from './server-face.ts';

interface FaultsParts {
  readonly api: ApiFaults;
  readonly metadata: MetadataFaults;
  readonly zone: Zone;
  readonly dataPlane: DataPlane;
  readonly pki: Pki;
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

  /** @internal Made by `startEmulator` only. */
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

  /**
   * Puts the clock of Google's servers ahead, or with a negative number back, as clients see it in the header `Date`: then
   * it is theirs that seems wrong. In milliseconds; `undefined` sets it right.
   * @throws EmulatorError `INVALID_OPTION`
   */
  clock(aheadMs: number | undefined): void {
    if (aheadMs !== undefined && !Number.isSafeInteger(aheadMs)) {
      invalid('faults.clock', 'must be a whole number of milliseconds', aheadMs);
    }
    this.#parts.api.clockAheadMs = aheadMs ?? 0;
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

  /**
   * Makes an instance answer the metadata exchange of connections to come wrongly. That of MySQL has no answer.
   * @throws EmulatorError `INVALID_OPTION`, `UNKNOWN_INSTANCE`
   */
  exchange(instance: string, fault: ExchangeFault | undefined): void {
    this.#parts.instances.get(instance).exchangeFault = checkExchangeFault(fault);
  }

  /** Changes the TLS server of an instance. @throws EmulatorError `INVALID_OPTION`, `UNKNOWN_INSTANCE` */
  async server(instance: string, fault: ServerFault | undefined): Promise<void> {
    const found = this.#parts.instances.get(instance);
    changeFace(found, fault);
    await this.#parts.dataPlane.renewTls();
  }

  /**
   * Replaces the authority behind an instance's server certificate, in AlloyDB that of its cluster: the old one vouches
   * for it no more. Open connections stay.
   * @throws EmulatorError `UNKNOWN_INSTANCE`
   */
  async rotateServerCa(instance: string): Promise<void> {
    const { instances, pki, dataPlane } = this.#parts;
    const found = instances.get(instance);
    await pki.rotateServer(found.name, found.pki, found.serverCaMode);
    changeFace(found, undefined);
    await dataPlane.renewTls();
  }

  /**
   * Replaces the authority behind client certificates, so that those issued before are refused: of the cluster that an
   * instance of AlloyDB is in, or of all Cloud SQL. Without a name, of all. Open connections stay.
   * @throws EmulatorError `UNKNOWN_INSTANCE`
   */
  async rotateClientCa(instance?: string): Promise<void> {
    const { instances, pki, dataPlane } = this.#parts;
    const wanted = instance === undefined ? instances.list().map((each) => each.instance) : [instances.get(instance)];
    const distinct = new Map(wanted.map((each) => [each.pki.certificates, each]));
    for (const { name, pki: own } of distinct.values()) await pki.rotateClients(name, own);
    await dataPlane.renewTls();
  }

  /**
   * Revokes a client certificate, given by its serial number as in a connection's record. Open connections stay.
   * @throws EmulatorError `INVALID_OPTION` if there is none
   */
  revokeCertificate(serial: string): void {
    const issuers = this.#parts.instances.list().map(({ instance }) => instance.pki.certificates);
    const found = issuers.filter((certificates) => certificates.revoke(serial.toUpperCase()));
    if (found.length === 0) invalid('serial', 'must be that of a certificate that was issued', serial);
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
      instance.exchangeFault = undefined;
    }
    await dataPlane.renewTls();
  }
}
