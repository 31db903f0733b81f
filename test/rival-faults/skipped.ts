/** Verified faults of Google's connector that no case covers, each with the reason. */
export const skipped: Readonly<Record<string, string>> = {
  '1 a failover sends pools back to the old primary': 'DNS names are not built yet',
  '2 a failover destroys idle sockets with an error': 'DNS names are not built yet; close() alone is in google.test.ts',
  '10 SQL_DATA leaks listeners': 'the gRPC tunnel is out of scope',
  '20 failoverPeriod: 0 does not stop polling': 'DNS names are not built yet',
  '21 the local proxy and tedious drop domainName': 'DNS names are not built yet',
  '29 an A record beats ipType': 'DNS names are not built yet',
  '30 a domain name costs two look-ups and more': 'DNS names are not built yet',
  '31 literals do not type-check': 'a type test, google.test-d.ts, states it of both',
  '32 it does not start under Jest': 'Jest is not installed here',
};
