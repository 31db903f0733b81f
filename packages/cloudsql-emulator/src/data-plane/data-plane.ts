import type { TLSSocket } from 'node:tls';
import type { ConnectionFault } from '../faults/connection-faults.ts';
import { issueServerIdentity } from '../faults/server-face.ts';
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

/** One address of one instance. */
interface Place {
  readonly instance: Instance;
  readonly type: AddressType;
  readonly address: string;
}

/** The server-side proxies of all instances: TLS, client certificates, logins. */
export class DataPlane {
  readonly #identity: IdentityServices;
  readonly #log: ConnectionLog;
  readonly #listeners: { readonly listener: Listener; readonly place: Place }[] = [];
  /** Clients that have not logged in yet. */
  readonly #arriving = new Set<TLSSocket>();
  /** Instances whose connections are half-open, by fault. */
  readonly #halfOpen = new Set<Instance>();
  /** For each connection between a client and a database, what makes it half-open. */
  readonly #joined = new Map<TLSSocket, { readonly instance: Instance; readonly swallow: () => void }>();

  constructor(identity: IdentityServices, log: ConnectionLog) {
    this.#identity = identity;
    this.#log = log;
  }

  /** Opens the addresses of an instance and returns them. @throws EmulatorError `ADDRESS_UNAVAILABLE` */
  async open(
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
              this.#listen({ instance, type, address }),
            );
      addresses.push({ type, ipAddress });
    }
    return addresses;
  }

  /** Shows clients what the certificates of the instances are now. */
  async renewTls(): Promise<void> {
    await Promise.all(this.#listeners.map(async ({ listener, place }) => listener.show(await faceOf(place))));
  }

  /** Makes connections to an instance go wrong, or right again. */
  async fail(instance: Instance, fault: ConnectionFault | undefined): Promise<void> {
    if (fault !== 'HALF_OPEN') this.#halfOpen.delete(instance);
    else {
      this.#halfOpen.add(instance);
      for (const joined of this.#joined.values()) if (joined.instance === instance) joined.swallow();
    }
    const own = this.#listeners.filter(({ place }) => place.instance === instance);
    await Promise.all(own.map(({ listener }) => listener.fail(fault)));
  }

  /** Breaks connections off, those of one instance or all, and returns how many there were. */
  drop(instance?: Instance): number {
    const own = this.#listeners.filter(({ place }) => instance === undefined || place.instance === instance);
    return own.reduce((count, { listener }) => count + listener.drop(), 0);
  }

  /**
   * Stops accepting connections. Those that are not logged in yet end. Those that are just ending may do so in order;
   * all others live on until the database has told them.
   */
  async stop(): Promise<void> {
    for (const { listener } of this.#listeners) listener.stop();
    for (const client of this.#arriving) client.destroy();
    await Promise.all(this.#listeners.map(({ listener }) => listener.idle(GOODBYE_MS)));
  }

  /** After {@link stop}: waits until the connections have ended, at most five seconds, and destroys those that have not. */
  async drain(): Promise<void> {
    await Promise.all(this.#listeners.map(({ listener }) => listener.drain(CLOSE_GRACE_MS)));
  }

  async #listen(place: Place): Promise<void> {
    const listener = new Listener({
      ...(await faceOf(place)),
      onConnection: (socket) => this.#accept(socket, place),
      onTlsFailure: (reason) => this.#log.countTlsFailure(reason),
    });
    await listener.listen(place.address, place.instance.rules.port);
    this.#listeners.push({ listener, place });
  }

  #accept(client: TLSSocket, { instance, type, address }: Place): void {
    client.on('error', () => undefined);
    const { serialNumber: serial, valid_to: validTo } = client.getPeerCertificate();
    const certificate = instance.certificates.find(serial);
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

async function faceOf({ instance, address }: Place): Promise<TlsFace> {
  return {
    identity: await issueServerIdentity(instance, address),
    clientAuthority: instance.certificates.trustedPem,
    tlsVersion: instance.fault?.tlsVersion,
  };
}

function refuseCertificate(certificate: ClientCertificate | undefined, { name }: Instance): string | undefined {
  if (!certificate) return 'client certificate is unknown';
  if (certificate.scope !== name.certificateScope) {
    return `client certificate was issued for ${certificate.scope}`;
  }
  // TLS has checked this already, except when a session was resumed.
  return certificate.notAfter.getTime() < Date.now() ? 'client certificate has expired' : undefined;
}
