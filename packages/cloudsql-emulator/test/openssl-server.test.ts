import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ServerIdentity } from '../src/pki/certificate-authority.ts';
import { CertificateAuthority } from '../src/pki/certificate-authority.ts';
import { loadX509 } from '../src/pki/x509-library.ts';
import type { Access } from './client.ts';
import { closing, dial, dialReady, privateKey, publicKey } from './client.ts';

// A server in Node.js closes where Google's sends an alert about a client's certificate. OpenSSL's own server sends the
// alerts, so here is what clients see of them: the twin that is let in, then each refusal by its own code.

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
if (!hasOpenssl) process.stderr.write('Skipping the alerts of OpenSSL: there is no openssl here.\n');

let folder: string;
let server: ChildProcess;
let port: number;
let authority: CertificateAuthority;
let foreign: CertificateAuthority;
let identity: ServerIdentity;

beforeAll(async () => {
  if (!hasOpenssl) return;
  const x509 = await loadX509();
  authority = await CertificateAuthority.create(x509, 'CA');
  foreign = await CertificateAuthority.create(x509, 'CA');
  identity = await authority.issueServer('demo-shop:orders');
  folder = mkdtempSync(join(tmpdir(), 'openssl-'));
  const files = { 'ca.pem': authority.pem, 'cert.pem': identity.cert, 'key.pem': identity.key };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  const options = ['-accept', '127.0.0.1:0', '-tls1_3', '-Verify', '2', '-verify_return_error', '-CAfile', 'ca.pem'];
  server = spawn('openssl', ['s_server', ...options, '-cert', 'cert.pem', '-key', 'key.pem', '-www'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  // It says where: "ACCEPT 127.0.0.1:41234".
  for (let said = ''; !port; ) {
    said += (await once(server.stdout!, 'data'))[0];
    port = Number(/ACCEPT .*:(\d+)/.exec(said)?.[1]);
  }
});
afterAll(async () => {
  if (!hasOpenssl) return;
  server.kill();
  await once(server, 'exit');
  rmSync(folder, { recursive: true });
});

async function accessWith(issuer: CertificateAuthority, notAfter: Date = issuer.notAfter): Promise<Access> {
  const der = createPublicKey(publicKey).export({ type: 'spki', format: 'der' });
  const { pem } = await issuer.issue({
    commonName: 'Google Cloud SQL Client',
    publicKey: new Uint8Array(der),
    notBefore: new Date(Date.now() - 86_400_000),
    notAfter,
    usage: 'CLIENT',
  });
  return { addresses: new Map([['PRIMARY', '127.0.0.1']]), serverCa: authority.pem, cert: pem, key: privateKey };
}

async function codeOf(access: Access): Promise<string | undefined> {
  return (await closing(dial(access, 'PRIMARY', { port })))?.code;
}

test.skipIf(!hasOpenssl)('a server that sends alerts says why it refuses a certificate', async () => {
  const good = await accessWith(authority);
  const socket = await dialReady(good, 'PRIMARY', { port });
  expect(socket.authorized).toBe(true);
  socket.end('GET / HTTP/1.0\r\n\r\n');
  expect(await closing(socket)).toBeUndefined();

  expect(await codeOf({ ...good, cert: '', key: '' })).toBe('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED');
  // OpenSSL names an alert after the version of SSL that had it first.
  expect(await codeOf(await accessWith(foreign))).toMatch(/ERR_SSL_TLSV1_ALERT_(UNKNOWN_CA|DECRYPT_ERROR)/);
  const expired = await accessWith(authority, new Date(Date.now() - 3_600_000));
  expect(await codeOf(expired)).toMatch(/^ERR_SSL_SSL.*_ALERT_CERTIFICATE_EXPIRED$/);
});
