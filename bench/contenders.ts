import { readFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';

/** What a contender gives to pg. */
export interface ClientConfig {
  readonly user: string;
  readonly database: string;
  readonly ssl?: false;
  readonly stream: () => Duplex;
}

/** What every contender is told. */
export interface Target {
  readonly instance: string;
  readonly database: string;
  readonly user: string;
  readonly adminApi: string;
  /** Address, CA, client certificate and key, for the contender that has nothing to find out. */
  readonly dial: string;
}

/** Made once per process; returns pg's configuration, as often as connections are made. */
export type Contender = (target: Target) => Promise<() => ClientConfig>;

export const contenders: Record<string, Contender> = {
  // TLS and nothing else: the certificate is already there, nobody checks or refreshes anything.
  async 'bare TLS'({ dial, user, database }) {
    const { host, ...certificates } = JSON.parse(readFileSync(dial, 'utf8')) as {
      host: string;
      ca: string;
      cert: string;
      key: string;
    };
    const secureContext = tls.createSecureContext({ ...certificates, minVersion: 'TLSv1.3' });
    const stream = (): Duplex => {
      const socket = tls.connect({ host, port: 3307, secureContext, checkServerIdentity: () => undefined });
      // As Google's connector does: pg calls `connect` on a socket that is connecting already.
      return Object.assign(socket, { connect: () => socket });
    };
    return () => ({ user, database, ssl: false, stream });
  },

  async '@google-cloud/cloud-sql-connector'({ instance, database, user, adminApi }) {
    const { AuthTypes, Connector, IpAddressTypes } = await import('@google-cloud/cloud-sql-connector');
    const connector = new Connector({ sqlAdminAPIEndpoint: adminApi });
    const options = { instanceConnectionName: instance, authType: AuthTypes.IAM, ipType: IpAddressTypes.PUBLIC };
    const { stream } = await connector.getOptions(options);
    return () => ({ user, database, stream });
  },

  // What is published, and not the sources: the other one is compiled too. With the same credentials as the other one.
  async '@x/cloudsql-core'({ instance, database, user, adminApi }) {
    const published = new URL('../packages/cloudsql-core/dist/drivers/pg.js', import.meta.url).href;
    const { pgOptions } = (await import(published)) as typeof import('@x/cloudsql-core/pg');
    const options = pgOptions({ instance, database, user, connector: { endpoints: { sqlAdmin: adminApi } } });
    return () => options as ClientConfig;
  },
};
