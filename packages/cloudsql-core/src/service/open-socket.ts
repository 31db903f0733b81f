import type { TLSSocket } from 'node:tls';
import type { Engine } from '../credentials/database-user.ts';
import { waitOrAbort } from '../deadline.ts';
import { wantsClientProtocol } from '../dial/client-protocol.ts';
import { dial } from '../dial/dial.ts';
import { ConfigError, DialError } from '../errors.ts';
import type { IpType, ResolvedConnection } from '../options/connection-options.ts';
import { chooseAddress } from './choose-address.ts';
import type { Instances } from './instances.ts';
import { services } from './services.ts';

/** How far one dial has come. */
export interface Progress {
  waitingFor: string;
  ipType?: IpType;
  address?: string;
  port?: number;
}

/** What one dial is to reach. */
export interface OpenRequest {
  readonly connection: ResolvedConnection;
  /** The engine that the caller will speak to, where that is to be checked. */
  readonly engine: Engine | undefined;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/**
 * Waits for a valid certificate, dials the instance, and does what has to be done before the first byte of the database
 * protocol. A failure that a new certificate may mend has one fetched.
 */
export async function openSocket(instances: Instances, request: OpenRequest): Promise<TLSSocket> {
  const { connection, engine, progress, signal } = request;
  const { instance } = connection;
  const service = services[instance.service];
  const cache = instances.of(connection);
  const { credentials, userAgent } = instances.plane(instance.service);
  const ready = service.prelude?.({ credentials, userAgent, iam: connection.authType === 'IAM' });
  const [info, prelude] = await waitOrAbort(Promise.all([cache.info.get(), ready]), signal);
  if (engine && !info.databaseVersion.startsWith(engine)) {
    const what = `The driver speaks ${engine}, the instance runs ${info.databaseVersion || 'an unknown engine'}`;
    throw new ConfigError('CLOUDSQL_ENGINE_MISMATCH', what, { instance: instance.id });
  }
  const [ipType, host] = chooseAddress(info, connection, () => cache.info.suspect(info));
  const { port } = service;
  Object.assign(progress, { ipType, address: host, port, waitingFor: `${host}:${port} to answer` });
  const { secureContext } = info;
  const target = {
    instance: instance.id,
    host,
    port,
    secureContext,
    identity: service.identity(instance, info, host),
  };
  try {
    const socket = await dial(target, signal);
    if (info.wantsClientProtocol) wantsClientProtocol(socket);
    // A TLS 1.3 server judges the client's certificate after the handshake: its alert arrives later, as an error.
    socket.on('error', (error: Error & { code?: string }) => {
      if (error.code?.startsWith('ERR_SSL_')) cache.info.suspect(info);
    });
    if (prelude) {
      progress.waitingFor = `the metadata exchange with ${host}:${port}`;
      await prelude(socket, target, signal);
    }
    return socket;
  } catch (error) {
    // A refusal in so many words is about the principal, and a new certificate would not change it.
    const refused = error instanceof DialError && error.code === 'CLOUDSQL_EXCHANGE_REFUSED';
    if (!signal.aborted && !refused) cache.info.suspect(info);
    throw error;
  }
}
