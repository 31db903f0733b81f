import dns from 'node:dns/promises';
import net from 'node:net';
import { Connector, type ConnectorOptions, type DialFunction } from '@x/cloudsql-core';
import type { Emulator } from '@x/cloudsql-emulator';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { instance, setEnv, startCloud } from './cloud.ts';
import { type SocksOptions, SocksServer } from './socks-server.ts';

let cloud: Emulator;
let resolver: dns.Resolver;

beforeAll(async () => {
  cloud = await startCloud({ instances: [{ name: instance, pscEnabled: true }] });
  resolver = new dns.Resolver();
  resolver.setServers([cloud.dns.server]);
});

afterEach(() => vi.unstubAllEnvs());
afterAll(() => cloud.close());

/** Dials through a proxy, or not, and returns the address of the instance that was reached. */
async function dialled(env: Record<string, string>, options: ConnectorOptions & { ipType?: string } = {}) {
  const { ipType = 'PUBLIC', ...connectorOptions } = options;
  setEnv({ ...cloud.env, ...env });
  await using connector = new Connector(connectorOptions);
  const { length } = cloud.connections;
  const socket = await connector.connect({ instance, ipType, timeoutMs: 10_000 });
  await expect.poll(() => cloud.connections.length).toBeGreaterThan(length);
  socket.destroy();
  return cloud.connections.at(-1)!.localAddress;
}

function proxied(proxy: SocksServer, login = ''): Record<string, string> {
  return { ALL_PROXY: `socks5://${login}${proxy.host}` };
}

describe('a dial through the SOCKS5 proxy of ALL_PROXY', () => {
  it.each<[string, SocksOptions]>([
    ['asks for the address', {}],
    ['reads answers byte by byte', { slow: true }],
  ])('%s', async (_, options) => {
    await using proxy = await SocksServer.start(options);
    const host = await dialled(proxied(proxy));
    expect(proxy.requests).toEqual([{ form: 'IPv4', host, port: 3307 }]);
    await expect.poll(() => proxy.clients).toBe(0);
  });

  it('leaves names to the proxy', async () => {
    const names = async (name: string): Promise<string> => (await resolver.resolve4(name))[0]!;
    await using proxy = await SocksServer.start({ names });
    await dialled(proxied(proxy), { ipType: 'PSC' });
    expect(proxy.requests).toEqual([{ form: 'NAME', host: cloud.dns.namesOf(instance).PSC, port: 3307 }]);
  });

  it('asks for an IPv6 address', async () => {
    const address = await dialled({});
    await using proxy = await SocksServer.start({ names: async () => address });
    setEnv(proxied(proxy));
    const named = { resolveTxt: async () => [[instance]], resolve6: async () => [{ address: '2001:db8::5', ttl: 1 }] };
    await using connector = new Connector({ resolver: named });
    (await connector.connect({ instance: 'orders.example' })).destroy();
    expect(proxy.requests).toEqual([{ form: 'IPv6', host: '20010db8000000000000000000000005', port: 3307 }]);
  });

  it('logs in with the name and password of the URL', async () => {
    await using proxy = await SocksServer.start({ login: { user: 'me@corp', password: 'p:ss w' } });
    await dialled(proxied(proxy, 'me%40corp:p%3Ass%20w@'));
    expect(proxy.requests).toHaveLength(1);
  });

  it.each<[string, SocksOptions, string, string]>([
    ['a wrong login', { login: { user: 'me', password: 'x' } }, 'me:hunter2@', 'it refused the user name and password'],
    ['a login that is not there', { login: { user: 'me', password: 'x' } }, '', 'it wants another kind of login'],
    ['a refused connection', { reply: 5 }, '', 'it answered: connection refused'],
    ['a rule of the proxy', { reply: 2 }, '', 'it answered: connection not allowed by its rules'],
    ['a code that nobody knows', { reply: 99 }, '', 'it answered: code 99'],
  ])('says what went wrong: %s', async (_, options, login, message) => {
    await using proxy = await SocksServer.start(options);
    const failed = dialled(proxied(proxy, login));
    await expect(failed).rejects.toMatchObject({
      code: 'CLOUDSQL_DIAL_FAILED',
      message: expect.stringMatching(new RegExp(`the SOCKS proxy ${proxy.host} did not connect to .*: ${message}`)),
    });
    await expect(failed).rejects.toThrow(/^(?!.*hunter2)/);
    await expect.poll(() => proxy.clients).toBe(0);
  });

  it('says that the proxy is something else', async () => {
    const server = net.createServer((socket) =>
      socket
        .on('error', () => {})
        .resume()
        .end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as net.AddressInfo;
    const failed = dialled({ ALL_PROXY: `socks5h://127.0.0.1:${port}` });
    await expect(failed).rejects.toThrow('it does not speak SOCKS5');
    server.close();
  });

  it.each([
    ['the address', (host: string) => host],
    ['its network', () => '10.0.0.0/8, 127.0.0.0/8'],
    ['everything', () => '*'],
  ])('is not made where NO_PROXY names %s', async (_, exclude) => {
    await using proxy = await SocksServer.start();
    const host = await dialled({});
    expect(await dialled({ ...proxied(proxy), NO_PROXY: exclude(host) })).toBe(host);
    expect(proxy.requests).toEqual([]);
    await dialled({ ...proxied(proxy), NO_PROXY: '10.0.0.0/8,shop.example' });
    expect(proxy.requests).toHaveLength(1);
  });

  it('is not made where ALL_PROXY is for HTTP', async () => {
    await dialled({ ALL_PROXY: 'http://127.0.0.1:9' });
  });
});

describe('the option `dial`', () => {
  it('makes the connections, and is told of what', async () => {
    const asked: object[] = [];
    const dial: DialFunction = ({ signal, ...target }) => {
      asked.push({ ...target, isAborted: signal.aborted });
      return net.connect(target.port, target.host);
    };
    const host = await dialled({}, { dial });
    expect(asked).toEqual([{ host, port: 3307, instance, isAborted: false }]);
  });

  it('goes before the proxy', async () => {
    await using proxy = await SocksServer.start();
    await dialled(proxied(proxy), { dial: ({ host, port }) => net.connect(port, host) });
    expect(proxy.requests).toEqual([]);
  });

  it.each<[string, () => unknown, string]>([
    [
      'throws',
      () => {
        throw new Error('no way');
      },
      'no way',
    ],
    ['rejects', () => Promise.reject(new Error('no way')), 'no way'],
    ['returns no stream', () => ({}), 'the option `dial` returned no stream'],
  ])('is reported when it %s', async (_, dial, message) => {
    await expect(dialled({}, { dial: dial as DialFunction })).rejects.toMatchObject({
      code: 'CLOUDSQL_DIAL_FAILED',
      message: expect.stringContaining(message),
    });
  });

  it('has to be a function', () => {
    expect(() => new Connector({ dial: 'x' as unknown as DialFunction })).toThrow(
      expect.objectContaining({ code: 'CLOUDSQL_INVALID_OPTION' }),
    );
  });
});
