import { createPublicKey } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { connect } from 'node:tls';
import { expect, test } from 'vitest';
import { freePort } from '../../../test/free-port.ts';
import { Listener } from '../src/data-plane/listener.ts';
import { CertificateAuthority } from '../src/pki/certificate-authority.ts';
import { loadX509 } from '../src/pki/x509-library.ts';
import { privateKey, publicKey } from './client.ts';

test('breaks off a connection whose end is on its way, and keeps nothing of it open', async () => {
  const authority = await CertificateAuthority.create(await loadX509(), 'CA');
  const der = createPublicKey(publicKey).export({ type: 'spki', format: 'der' });
  const { notBefore, notAfter } = authority;
  const { pem } = authority.issue({
    ...{ commonName: 'client', publicKey: new Uint8Array(der), notBefore, notAfter },
    usage: 'CLIENT',
  });
  let accept: (socket: TLSSocket) => void = () => undefined;
  const accepted = new Promise<TLSSocket>((resolve) => {
    accept = resolve;
  });
  const listener = new Listener({
    identity: await authority.issueServer('server'),
    clientAuthority: authority.pem,
    onConnection: accept,
    onTlsFailure: () => undefined,
  });
  const port = await freePort();
  await listener.listen('127.0.0.1', port);
  const client = connect({
    ...{ host: '127.0.0.1', port, cert: pem, key: privateKey },
    ...{ ca: authority.pem, checkServerIdentity: () => undefined },
  });
  const closed = new Promise((resolve) => client.on('error', () => undefined).once('close', resolve));
  client.resume();
  const socket = await accepted;
  socket.on('error', () => undefined).end();
  expect(listener.drop()).toBe(1);
  await listener.idle(10_000);
  expect(listener.drop()).toBe(0);
  await closed;
  listener.stop();
});
