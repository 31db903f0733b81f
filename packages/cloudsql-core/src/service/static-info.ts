import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { ConfigError } from '../errors.ts';
import type { Instance } from '../instance/instance.ts';
import { Answer, alloyDbAddresses, usable } from './api-answer.ts';
import type { ConnectionInfo } from './connection-info.ts';

/**
 * Connection info of an AlloyDB instance out of a document, in the form that Google's connectors read.
 * @throws ConfigError `CLOUDSQL_INVALID_OPTION` for an instance that is not in it, or a certificate that has expired
 */
export function staticConnectionInfo(document: object, instance: Instance): ConnectionInfo {
  const all = new Answer(document);
  const own = all.object(instance.id);
  const chain = own.texts('pemCertificateChain');
  if (chain.length === 0) throw invalid(`\`alloyDbStaticInfo\` does not hold the instance`, instance);
  const addresses = alloyDbAddresses(
    own.text('ipAddress'),
    own.text('publicIpAddress') || own.text('publicIPAddress'),
    own.object('pscInstanceConfig').text('pscDnsName'),
  );
  const expiresAt = usable(instance, 'client certificate', () => Date.parse(new X509Certificate(chain[0]!).validTo));
  if (expiresAt <= Date.now()) throw invalid('The certificate in `alloyDbStaticInfo` has expired', instance);
  const secureContext = usable(instance, 'certificate or key', () =>
    createSecureContext({
      ca: own.text('caCert'),
      cert: chain.join('\n'),
      key: all.text('privateKey'),
      minVersion: 'TLSv1.3',
      allowPartialTrustChain: true,
    }),
  );
  return { addresses, serverName: undefined, databaseVersion: 'POSTGRES', secureContext, expiresAt };
}

function invalid(what: string, { id }: Instance): ConfigError {
  return new ConfigError('CLOUDSQL_INVALID_OPTION', what, {
    instance: id,
    remedy: 'Write it anew, or leave the option out to ask the AlloyDB API.',
  });
}
