import net from 'node:net';
import type { Duplex } from 'node:stream';
import { excluded } from '../http-proxy.ts';
import { readExactly } from './read-exactly.ts';
import { connectTcp } from './tcp.ts';

/** What RFC 1928 has a server answer when it does not connect. */
const refusals = [
  ...['', 'general failure', 'connection not allowed by its rules', 'network unreachable', 'host unreachable'],
  ...['connection refused', 'TTL expired', 'command not supported', 'address type not supported'],
];

/**
 * The SOCKS5 proxy that ALL_PROXY names, unless NO_PROXY excludes the host. Other kinds of proxy carry no database
 * connections, and are for others.
 */
export function socksProxy(host: string, env: NodeJS.ProcessEnv = process.env): URL | undefined {
  const value = env.ALL_PROXY || env.all_proxy;
  if (!value || !/^socks5?h?:\/\//i.test(value) || !URL.canParse(value) || excluded(host, env)) return undefined;
  return new URL(value);
}

/** Opens a TCP connection through a SOCKS5 proxy (RFC 1928, RFC 1929). Names are resolved by the proxy. */
export async function connectThroughSocks(
  proxy: URL,
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<Duplex> {
  const socket = await connectTcp(proxy.hostname.replace(/^\[|\]$/g, ''), Number(proxy.port || 1080), signal);
  const ask = async (request: number[] | Buffer, answerLength: number): Promise<Buffer> => {
    socket.write(Buffer.from(request));
    return readExactly(socket, answerLength, signal);
  };
  try {
    const login = [proxy.username, proxy.password].map((text) => field(decodeURIComponent(text), 'login'));
    const hasLogin = proxy.username !== '';
    const [version, method] = await ask(hasLogin ? [5, 2, 0, 2] : [5, 1, 0], 2);
    if (version !== 5) throw new Error('it does not speak SOCKS5');
    if (method === 2 && hasLogin) {
      const [, status] = await ask(Buffer.concat([Buffer.of(1), ...login]), 2);
      if (status !== 0) throw new Error('it refused the user name and password');
    } else if (method !== 0) throw new Error('it wants another kind of login');
    const [, reply, , kind] = await ask(Buffer.concat([Buffer.of(5, 1, 0), address(host), uint16(port)]), 4);
    if (reply !== 0) throw new Error(`it answered: ${refusals[reply!] || `code ${reply}`}`);
    // The address that it uses itself: nobody needs it.
    const length = kind === 1 ? 4 : kind === 4 ? 16 : (await readExactly(socket, 1, signal))[0]!;
    await readExactly(socket, length + 2, signal);
    return socket;
  } catch (cause) {
    socket.destroy();
    if (signal.aborted) throw signal.reason;
    throw new Error(`the SOCKS proxy ${proxy.host} did not connect to ${host}: ${(cause as Error).message}`, { cause });
  }
}

function address(host: string): Buffer {
  const family = net.isIP(host);
  if (family === 0) return Buffer.concat([Buffer.of(3), field(host, 'host name')]);
  if (family === 4) return Buffer.from([1, ...host.split('.').map(Number)]);
  // The URL parser writes any IPv6 address in groups of at most four digits.
  const [head = '', tail] = new URL(`http://[${host}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [left, right] = [groups(head), groups(tail ?? '')];
  const all = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
  return Buffer.concat([Buffer.of(4), ...all.map((group) => uint16(Number.parseInt(group, 16)))]);
}

/** A text with its length before it. */
function field(text: string, what: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length > 255) throw new Error(`the ${what} is longer than 255 bytes`);
  return Buffer.concat([Buffer.of(bytes.length), bytes]);
}

function uint16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 255);
}
