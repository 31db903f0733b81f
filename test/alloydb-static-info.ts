import { generateKeyPairSync } from 'node:crypto';
import type { Emulator } from '@x/cloudsql-emulator';
import { cluster } from './alloydb-cloud.ts';
import { app } from './cloud.ts';

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const publicKey = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const privateKey = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

/** Static connection info of an instance of the cluster at an address, as Google's connectors read it. */
export async function staticInfo(cloud: Emulator, instance: string, ofInstance: object): Promise<object> {
  // A token of the API: that of a login would not do there.
  const response = await fetch(`${cloud.url}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
      subject_token: app,
      scope: 'https://www.googleapis.com/auth/cloud-platform',
    }),
  });
  const { access_token: token } = (await response.json()) as { access_token: string };
  const answer = await fetch(`${cloud.url}/v1beta/${cluster}:generateClientCertificate`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ publicKey, useMetadataExchange: true }),
  });
  const { pemCertificateChain, caCert } = (await answer.json()) as { pemCertificateChain: string[]; caCert: string };
  return { publicKey, privateKey, [instance]: { pemCertificateChain, caCert, ...ofInstance } };
}
