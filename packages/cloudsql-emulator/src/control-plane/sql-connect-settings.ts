import { instanceDnsNames } from '../dns/instance-names.ts';
import type { MetadataFaults } from '../faults/metadata-faults.ts';
import type { AddressType, RunningInstance } from '../instance.ts';
import { serverAuthorityResource } from './ssl-cert.ts';

const CONNECTION_TYPES = {
  PRIMARY: 'PUBLIC',
  PRIVATE: 'PRIVATE_SERVICES_ACCESS',
  PSC: 'PRIVATE_SERVICE_CONNECT',
} as const;

/** What the admin API tells connectors of an instance. */
export function connectSettingsOf({ instance, addresses }: RunningInstance, faults: MetadataFaults): object {
  const { name, database, serverCaMode, sharesWith } = instance;
  const told = faults.apply(name.connectionName, {
    kind: 'sql#connectSettings',
    serverCaCert: serverAuthorityResource(instance),
    ipAddresses: addresses,
    region: name.region,
    databaseVersion: database.databaseVersion,
    backendType: 'SECOND_GEN',
    serverCaMode,
    connectionName: name.connectionName,
    mdxProtocolSupport: ['CLIENT_PROTOCOL_TYPE'],
  });
  const types = told.ipAddresses.map(({ type }) => type);
  // Instances of an authority of their own are known by the common name, unless several answer at one address.
  const isNamed = serverCaMode !== 'GOOGLE_MANAGED_INTERNAL_CA' || sharesWith !== undefined;
  const names = instanceDnsNames(name, isNamed ? types : types.filter((type) => type === 'PSC'));
  const dnsNames = Object.entries(names).map(([type, dnsName]) => ({
    name: `${dnsName}.`,
    connectionType: CONNECTION_TYPES[type as AddressType],
    dnsScope: 'INSTANCE',
    recordManager: 'CLOUD_SQL_AUTOMATION',
  }));
  return {
    ...told,
    // The endpoint is told by its name.
    ipAddresses: told.ipAddresses.filter(({ type }) => type !== 'PSC'),
    pscEnabled: types.includes('PSC'),
    ...(dnsNames.length > 0 && { dnsName: `${names.PSC ?? Object.values(names)[0]}.`, dnsNames }),
  };
}
