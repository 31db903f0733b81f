import type { Connector } from '@x/cloudsql-core';
import { version } from '../version.ts';
import { type ConnectorFlags, connectorOptions } from './connector-flags.ts';

/** Makes the connector that the flags describe, for the time of some work. */
export async function withConnector<T>(flags: ConnectorFlags, work: (connector: Connector) => Promise<T>): Promise<T> {
  const { Connector } = await import('@x/cloudsql-core');
  const options = connectorOptions(flags);
  const connector = new Connector({ ...options, userAgent: options.userAgent ?? `cloudsql-cli/${version}` });
  try {
    return await work(connector);
  } finally {
    await connector.close();
  }
}
