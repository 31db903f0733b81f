import { once } from 'node:events';
import type net from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { dial } from '../src/dial/dial.ts';
import type { NamedInstance } from '../src/dial/server-identity.ts';
import { Authority } from './authority.ts';

// Whom Cloud SQL's rule takes for the instance, over real TLS: Google's own table, for both kinds of chains.

const commonName = 'shop:orders';
const serverName = 'abc.europe-west1.sql.goog';
const other = 'other.europe-west1.sql.goog';

/** A chain: who signs the server's certificate, what the API says is the CA, and what the server sends besides. */
interface Chain {
  readonly issuer: Authority;
  readonly ca: string;
  readonly sent: string;
}

let root: Authority;
let intermediate: Authority;
let stranger: Authority;
const chains: Record<string, () => Chain> = {
  'signed by a CA of the instance': () => ({ issuer: root, ca: root.pem, sent: '' }),
  'signed by a CA of a service (CAS)': () => ({
    issuer: intermediate,
    ca: `${intermediate.pem}\n${root.pem}`,
    sent: intermediate.pem,
  }),
};

beforeAll(async () => {
  [root, stranger] = await Promise.all([Authority.create('root'), Authority.create('stranger')]);
  intermediate = await Authority.create('intermediate', root);
});

const servers: net.Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.close();
    await once(server, 'close');
  }
});

interface Server {
  readonly cn?: string;
  readonly san?: string;
  readonly notAfter?: Date;
}

/** Dials a server with such a certificate; resolves with the name that it was asked for, or rejects with why not. */
async function dialled(
  { issuer, ca, sent }: Chain,
  { cn = '', san, notAfter }: Server,
  wanted: string | undefined,
): Promise<string | false> {
  const names = san === undefined ? {} : { dns: [san] };
  const { cert, key } = await issuer.issue(cn, { names, ...(notAfter && { notAfter }) });
  const asked: (string | false)[] = [];
  const server = tls.createServer({ cert: `${cert}\n${sent}`, key, minVersion: 'TLSv1.3' }, (socket) => {
    asked.push((socket as TLSSocket & { servername: string | false }).servername);
    socket.on('error', () => {}).end();
  });
  server.on('tlsClientError', () => {});
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const secureContext = tls.createSecureContext({ ca, minVersion: 'TLSv1.3', allowPartialTrustChain: true });
  const target = { instance: 'shop:r:orders', hosts: ['127.0.0.1'], port, secureContext, lookup: async () => [] };
  const identity = (): NamedInstance => ({ commonName, serverName: wanted });
  const { socket } = await dial({ ...target, identity }, new AbortController().signal);
  socket.resume();
  await once(socket, 'close');
  return asked[0]!;
}

describe.each(Object.entries(chains))('a server %s', (_, chain) => {
  it.each<[string, Server, string | undefined]>([
    ['CN right, no name of the instance', { cn: commonName }, undefined],
    ['SAN right', { san: serverName }, serverName],
    ['SAN right with a dot at its end', { san: `${serverName}.` }, serverName],
    ['SAN right, CN right', { cn: commonName, san: serverName }, serverName],
    ['SAN right, CN wrong', { cn: 'shop:billing', san: serverName }, serverName],
    ['SAN wrong, CN right', { cn: commonName, san: other }, serverName],
    ['no SAN, CN right', { cn: commonName }, serverName],
    ['SAN by wildcard', { san: '*.europe-west1.sql.goog' }, serverName],
  ])('is the instance: %s', async (_, server, wanted) => {
    // An IP address is no name to ask for.
    expect(await dialled(chain(), server, wanted)).toBe(wanted ?? false);
  });

  it.each<[string, Server, string | undefined]>([
    ['CN wrong, no name of the instance', { cn: 'shop:billing' }, undefined],
    ['no CN and no name of the instance, whatever the SAN', { san: serverName }, undefined],
    ['SAN wrong, no CN', { san: other }, serverName],
    ['no SAN and no CN', {}, serverName],
    ['SAN wrong, CN wrong', { cn: 'shop:billing', san: other }, serverName],
    ['no SAN, and the name as CN', { cn: serverName }, serverName],
    ['expired', { cn: commonName, notAfter: new Date(Date.now() - 60_000) }, undefined],
  ])('is somebody else: %s', async (_, server, wanted) => {
    await expect(dialled(chain(), server, wanted)).rejects.toMatchObject({ code: 'CLOUDSQL_SERVER_IDENTITY' });
  });

  it('is somebody else when another authority signed, whatever the names', async () => {
    const forged = { ...chain(), issuer: stranger };
    await expect(dialled(forged, { cn: commonName, san: serverName }, serverName)).rejects.toMatchObject({
      code: 'CLOUDSQL_SERVER_IDENTITY',
    });
  });
});

describe('what the API says is the CA', () => {
  const server = { cn: commonName };

  it('may be an intermediate without its root', async () => {
    expect(await dialled({ issuer: intermediate, ca: intermediate.pem, sent: '' }, server, undefined)).toBe(false);
  });

  it('may be several, of which one has signed, as during a rotation', async () => {
    const ca = `${stranger.pem}\n${root.pem}`;
    expect(await dialled({ issuer: root, ca, sent: '' }, server, undefined)).toBe(false);
  });

  it('may be the root alone, if the server sends the intermediate', async () => {
    expect(await dialled({ issuer: intermediate, ca: root.pem, sent: intermediate.pem }, server, undefined)).toBe(
      false,
    );
    await expect(dialled({ issuer: intermediate, ca: root.pem, sent: '' }, server, undefined)).rejects.toMatchObject({
      code: 'CLOUDSQL_SERVER_IDENTITY',
    });
  });

  it('is not helped by an authority that the server itself sends', async () => {
    const forged = { issuer: stranger, ca: root.pem, sent: stranger.pem };
    await expect(dialled(forged, server, undefined)).rejects.toMatchObject({ code: 'CLOUDSQL_SERVER_IDENTITY' });
  });
});
