import { generateKeyPairSync } from 'node:crypto';

/** What a dial needs, ready for `tls.connect`. */
export interface Access {
  readonly host: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Gets an ephemeral certificate with an identity in it, as any client would. */
export async function accessTo(url: string, email: string, project: string, id: string): Promise<Access> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const form = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
    subject_token: email,
    scope: 'https://www.googleapis.com/auth/cloud-platform',
  });
  const token = (await (await fetch(`${url}/token`, { method: 'POST', body: form })).json()) as {
    access_token: string;
  };
  const base = `${url}/sql/v1beta4/projects/${project}/instances/${id}`;
  const headers = { Authorization: `Bearer ${token.access_token}`, 'Content-Type': 'application/json' };
  const settings = (await (await fetch(`${base}/connectSettings`, { headers })).json()) as {
    ipAddresses: { type: string; ipAddress: string }[];
    serverCaCert: { cert: string };
  };
  const body = JSON.stringify({ public_key: publicKey, access_token: token.access_token });
  const answer = await fetch(`${base}:generateEphemeralCert`, { method: 'POST', headers, body });
  const { ephemeralCert } = (await answer.json()) as { ephemeralCert: { cert: string } };
  const host = settings.ipAddresses.find(({ type }) => type === 'PRIMARY')?.ipAddress ?? '';
  return { host, ca: settings.serverCaCert.cert, cert: ephemeralCert.cert, key: privateKey };
}
