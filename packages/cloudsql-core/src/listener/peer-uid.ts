import { readFile } from 'node:fs/promises';
import net, { type Socket } from 'node:net';
import { endianness } from 'node:os';

/** A connection that both sides have; one that its process has closed no longer says whose it was. */
const established = '01';

/**
 * The uid of the process at the other end of a TCP connection from the same machine; undefined where the kernel does not
 * say. Linux lists every socket of the network namespace with its owner.
 */
export async function peerUid({
  remoteAddress,
  remotePort,
  localAddress,
  localPort,
}: Socket): Promise<number | undefined> {
  if (!remoteAddress || !localAddress || remotePort === undefined || localPort === undefined) return undefined;
  const list = await readFile(net.isIPv6(remoteAddress) ? '/proc/net/tcp6' : '/proc/net/tcp', 'utf8').catch(() => '');
  const [here, there] = [procAddress(remoteAddress, remotePort), procAddress(localAddress, localPort)];
  for (const line of list.split('\n')) {
    const [, local, remote, state, , , , uid, , inode] = line.trim().split(/\s+/);
    if (local === here && remote === there && state === established && inode !== '0') return Number(uid);
  }
  return undefined;
}

/** An address as /proc/net/tcp spells it: 32-bit words in the byte order of the machine. */
export function procAddress(address: string, port: number): string {
  const bytes = net.isIPv6(address) ? ipv6Bytes(address) : address.split('.').map(Number);
  const words: string[] = [];
  for (let i = 0; i < bytes.length; i += 4) {
    const word = Buffer.from(bytes.slice(i, i + 4));
    words.push((endianness() === 'LE' ? word.reverse() : word).toString('hex'));
  }
  return `${words.join('')}:${port.toString(16).padStart(4, '0')}`.toUpperCase();
}

function ipv6Bytes(address: string): number[] {
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const groups = (text: string): number[] => (text === '' ? [] : text.split(':').map((group) => parseInt(group, 16)));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array<number>(zeros).fill(0), ...after].flatMap((group) => [group >>> 8, group & 0xff]);
}
