import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import type { Emulator } from '@x/cloudsql-emulator';
import protobuf from 'protobufjs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cluster, primary, startAlloyDb } from './alloydb-cloud.ts';
import { app } from './cloud.ts';

// There is no connector of AlloyDB for Node.js but ours, so the emulator is judged by a client that writes and reads
// the messages of the metadata exchange with a library for protobuf.

const proto = new URL('../packages/cloudsql-core/test/metadata-exchange.proto', import.meta.url);
const { root } = protobuf.parse(readFileSync(proto, 'utf8'));
const requestType = root.lookupType('MetadataExchangeRequest');
const responseType = root.lookupType('MetadataExchangeResponse');
const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

let cloud: Emulator;

beforeAll(async () => {
  cloud = await startAlloyDb();
});

afterAll(() => cloud.close());

async function token(scope: string): Promise<string> {
  const body = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
    subject_token: app,
    scope: `https://www.googleapis.com/auth/${scope}`,
  });
  const answer = await fetch(`${cloud.url}/token`, { method: 'POST', body });
  return ((await answer.json()) as { access_token: string }).access_token;
}

/** Dials as a connector does, and exchanges one message for one. */
async function exchange(request: object): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${await token('cloud-platform')}` };
  const info = await fetch(`${cloud.url}/v1alpha/${primary}/connectionInfo`, { headers });
  const { ipAddress } = (await info.json()) as { ipAddress: string };
  const issued = await fetch(`${cloud.url}/v1alpha/${cluster}:generateClientCertificate`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ parent: cluster, publicKey, certDuration: '3600s', useMetadataExchange: true }),
  });
  const { pemCertificateChain, caCert } = (await issued.json()) as { pemCertificateChain: string[]; caCert: string };
  const cert = pemCertificateChain.join('\n');
  // Node's own check of the server: its address has to be in the certificate.
  const socket = tls.connect({ host: ipAddress, port: 5433, ca: caCert, cert, key: privateKey, minVersion: 'TLSv1.3' });
  try {
    await once(socket, 'secureConnect');
    const message = requestType.encode(requestType.fromObject(request)).finish();
    const length = Buffer.alloc(4);
    length.writeUInt32BE(message.length);
    socket.write(Buffer.concat([length, message]));
    const [frame] = (await once(socket, 'data')) as [Buffer];
    expect(frame.readUInt32BE()).toBe(frame.length - 4);
    return responseType.toObject(responseType.decode(frame.subarray(4)), { enums: String });
  } finally {
    socket.destroy();
  }
}

it('the emulator lets a client in that speaks protobuf by a library', async () => {
  const request = { userAgent: 'a library/1', authType: 'AUTO_IAM', oauth2Token: await token('alloydb.login') };
  expect(await exchange(request)).toEqual({ responseCode: 'OK' });
  expect(cloud.connections.at(-1)).toMatchObject({ userAgent: 'a library/1', authType: 'AUTO_IAM', principal: app });
});

it('and tells it why not', async () => {
  const request = { userAgent: 'a library/1', authType: 'DB_NATIVE', oauth2Token: await token('sqlservice.login') };
  expect(await exchange(request)).toEqual({
    responseCode: 'ERROR',
    error: 'The OAuth 2 token lacks the scope https://www.googleapis.com/auth/alloydb.login.',
  });
});
