import type { TLSSocket } from 'node:tls';
import { EmulatorError } from '../errors.ts';
import type { ConnectionFault } from '../faults/connection-faults.ts';
import { faultOf, issueServerIdentity } from '../faults/server-face.ts';
import type { IdentityServices } from '../iam/identity-services.ts';
import type { AddressType, Instance, InstanceAddress } from '../instance.ts';
import type { ClientCertificate } from '../pki/client-certificates.ts';
import type { WantedAddress } from '../resolve-options.ts';
import { bindLoopback, isSameAddress } from './addresses.ts';
import type { ConnectionLog, MutableRecord } from './connection-log.ts';
import type { TlsFace } from './listener.ts';
import { Listener } from './listener.ts';
import { serveSession } from './session.ts';

const LOGIN_TIMEOUT_MS = 30_000;
const CLOSE_GRACE_MS = 5000;
/** For clients whose goodbye is under way: pools end faster than what they send arrives. */
const GOODBYE_MS = 250;

/** One address with a listener, and the instances that answer there: the client's certificate says which one is meant. */
interface Place {
  readonly listener: Listener;
  readonly address: string;
  readonly port: number;
  readonly tenants: { readonly instance: Instance; readonly type: AddressType }[];
}

/** The server-side proxies of all instances: TLS, client certificates, logins. */
export class DataPlane {
  readonly #identity: IdentityServices;
  readonly #log: ConnectionLog;
  readonly #places: Place[] = [];
  /** Instances are opened one after the other, as they may want the same address. */
  #opening: Promise<unknown> = Promise.resolve();
  /** Clients that have not logged in yet. */
  readonly #arriving = new Set<TLSSocket>();
  /** Instances whose connections are half-open, by fault. */
  readonly #halfOpen = new Set<Instance>();
  readonly #admitted = new WeakMap<TLSSocket, Instance>();
  /** For each connection between a client and a database, what makes it half-open. */
  readonly #joined = new Map<TLSSocket, { readonly instance: Instance; readonly swallow: () => void }>();

  constructor(identity: IdentityServices, log: ConnectionLog) {
    this.#identity = identity;
    this.#log = log;
  }

  /** Opens the addresses of an instance and returns them. @throws EmulatorError `ADDRESS_UNAVAILABLE` */
  open(instance: Instance, wanted: Readonly<Record<AddressType, WantedAddress>>): Promise<readonly InstanceAddress[]> {
    const opened = this.#opening.then(() => this.#open(instance, wanted));
    this.#opening = opened.catch(() => undefined);
    return opened;
  }

  async #open(
    instance: Instance,
    wanted: Readonly<Record<AddressType, WantedAddress>>,
  ): Promise<readonly InstanceAddress[]> {
    const addresses: InstanceAddress[] = [];
    for (const type of ['PRIMARY', 'PRIVATE', 'PSC'] as const) {
      if (wanted[type] === null) continue;
      const bound = addresses[0]?.ipAddress;
      const ipAddress =
        bound !== undefined && isSameAddress(wanted[type], bound)
          ? bound
          : await bindLoopback(wanted[type], instance.rules.port, (address) =>
              this.#listen(instance, type, address, isSameAddress(wanted[type], address)),
            );
      addresses.push({ type, ipAddress });
    }
    return addresses;
  }

  /** Shows clients what the certificates of the instances are now. */
  async renewTls(): Promise<void> {
    await Promise.all(this.#places.map(renew));
  }

  /** Makes connections to an instance, and to those that share an address with it, go wrong, or right again. */
  async fail(instance: Instance, fault: ConnectionFault | undefined): Promise<void> {
    if (fault !== 'HALF_OPEN') this.#halfOpen.delete(instance);
    else {
      this.#halfOpen.add(instance);
      for (const joined of this.#joined.values()) if (joined.instance === instance) joined.swallow();
    }
    await Promise.all(this.#placesOf(instance).map(({ listener }) => listener.fail(fault)));
  }

  /** Breaks connections off, those of one instance or all, and returns how many there were. */
  drop(instance?: Instance): number {
    return this.#placesOf(instance).reduce((count, { listener, tenants }) => {
      const isOther = (socket: TLSSocket): boolean => this.#admitted.get(socket) !== instance;
      return count + listener.drop(instance && tenants.length > 1 ? isOther : undefined);
    }, 0);
  }

  /**
   * Stops accepting connections. Those that are not logged in yet end. Those that are just ending may do so in order;
   * all others live on until the database has told them.
   */
  async stop(): Promise<void> {
    for (const { listener } of this.#places) listener.stop();
    for (const client of this.#arriving) client.destroy();
    await Promise.all(this.#places.map(({ listener }) => listener.idle(GOODBYE_MS)));
  }

  /** After {@link stop}: waits until the connections have ended, at most five seconds, and destroys those that have not. */
  async drain(): Promise<void> {
    await Promise.all(this.#places.map(({ listener }) => listener.drain(CLOSE_GRACE_MS)));
  }

  #placesOf(instance?: Instance): readonly Place[] {
    return this.#places.filter(
      ({ tenants }) => instance === undefined || tenants.some((tenant) => tenant.instance === instance),
    );
  }

  /** Listens on an address, or joins those of our own who do. */
  async #listen(instance: Instance, type: AddressType, address: string, mayJoin: boolean): Promise<void> {
    const { port } = instance.rules;
    const tenant = { instance, type };
    const there = this.#places.find((place) => place.address === address && place.port === port);
    if (there && mayJoin) return await joinPlace(there, tenant);
    const tenants = [tenant];
    const listener: Listener = new Listener({
      ...(await faceOf({ tenants, address })),
      onConnection: (socket) => this.#accept(socket, place),
      onTlsFailure: (reason) => this.#log.countTlsFailure(reason),
    });
    const place: Place = { listener, address, port, tenants };
    await listener.listen(address, port);
    this.#places.push(place);
  }

  #accept(client: TLSSocket, { tenants, address }: Place): void {
    client.on('error', () => undefined);
    const { serialNumber: serial, valid_to: validTo } = client.getPeerCertificate();
    const certificate = tenants.map(({ instance }) => instance.pki.certificates.find(serial)).find(Boolean);
    const { instance, type } =
      tenants.find((each) => each.instance.name.certificateScope === certificate?.scope) ?? tenants[0]!;
    this.#admitted.set(client, instance);
    const record: MutableRecord = {
      instance: instance.name.connectionName,
      ipType: type === 'PRIMARY' ? 'PUBLIC' : type,
      localAddress: address,
      serial,
      tlsProtocol: client.getProtocol() ?? '',
      tlsCipher: client.getCipher().standardName,
      certificateExpires: certificate?.notAfter ?? new Date(validTo),
      openedAt: new Date(),
      state: 'handshake',
      ...(certificate?.principal === undefined ? {} : { principal: certificate.principal }),
    };
    this.#log.add(record);
    client.once('close', () => this.#log.close(record));
    const refusal = refuseCertificate(certificate, instance);
    if (refusal) {
      record.state = 'refused';
      record.refusal = refusal;
      client.destroy();
      return;
    }
    const session = {
      client,
      instance,
      identity: this.#identity,
      record,
      metadataExchange: certificate?.metadataExchange ?? false,
      loginTimeoutMs: LOGIN_TIMEOUT_MS,
      onJoined: (swallow: () => void): void => this.#join(client, instance, swallow),
    };
    this.#arriving.add(client);
    serveSession(session)
      .catch(() => client.destroy())
      .finally(() => this.#arriving.delete(client));
  }

  #join(client: TLSSocket, instance: Instance, swallow: () => void): void {
    this.#joined.set(client, { instance, swallow });
    client.once('close', () => this.#joined.delete(client));
    if (this.#halfOpen.has(instance)) swallow();
  }
}

/** Lets one more instance answer at an address. @throws EmulatorError `ADDRESS_UNAVAILABLE` */
async function joinPlace(place: Place, tenant: Place['tenants'][number]): Promise<void> {
  const { tenants, address, port } = place;
  const { name } = tenant.instance;
  if (tenants.some(({ instance }) => instance.name.certificateScope === name.certificateScope)) {
    throw new EmulatorError(
      'ADDRESS_UNAVAILABLE',
      `${name.connectionName} cannot share ${address}:${port} with another instance of its cluster, as their clients have the same certificates. Choose another loopback address.`,
    );
  }
  tenants.push(tenant);
  for (const { instance } of tenants) instance.sharesWith = tenants[0]!.instance;
  await renew(place);
}

async function renew(place: Place): Promise<void> {
  place.listener.show(await faceOf(place));
}

async function faceOf({ tenants, address }: Pick<Place, 'tenants' | 'address'>): Promise<TlsFace> {
  const instances = tenants.map(({ instance }) => instance);
  return {
    identity: await issueServerIdentity(instances, address),
    clientAuthority: [...new Set(instances.map(({ pki }) => pki.certificates.trustedPem))].join('\n'),
    tlsVersion: faultOf(instances).tlsVersion,
  };
}

function refuseCertificate(certificate: ClientCertificate | undefined, { name }: Instance): string | undefined {
  if (!certificate) return 'client certificate is unknown';
  if (certificate.revoked) return 'client certificate was revoked';
  if (certificate.scope !== name.certificateScope) {
    return `client certificate was issued for ${certificate.scope}`;
  }
  // TLS has checked this already, except when a session was resumed.
  return certificate.notAfter.getTime() < Date.now() ? 'client certificate has expired' : undefined;
}
