import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';

/** Servers on this machine that nobody should talk to. */
export interface Traps {
  /** A port that is always there. */
  readonly port: number;
  /** The ports that were talked to. */
  readonly visits: number[];
  /** Why the ports that drivers dial by default are not all trapped, if so. */
  readonly missing?: string;
  readonly servers: readonly net.Server[];
}

/** Listens where PostgreSQL and MySQL do by default, as far as these ports are free, and on another port. */
export async function openTraps(): Promise<Traps> {
  const visits: number[] = [];
  const servers: net.Server[] = [];
  const taken: number[] = [];
  const listen = async (port: number, host: string): Promise<number> => {
    const server = net.createServer((socket) => {
      visits.push(socket.localPort ?? 0);
      socket.destroy();
    });
    server.listen(port, host);
    await once(server, 'listening');
    servers.push(server);
    return (server.address() as AddressInfo).port;
  };
  for (const port of [5432, 3306]) {
    try {
      await listen(port, '127.0.0.1');
    } catch {
      taken.push(port);
      continue;
    }
    // Where `localhost` is this first. Not every machine has it.
    await listen(port, '::1').catch(() => undefined);
  }
  const port = await listen(0, '127.0.0.1');
  return { port, visits, servers, ...(taken.length > 0 && { missing: `port ${taken.join(', ')} is taken` }) };
}

export async function closeTraps({ servers }: Traps): Promise<void> {
  await Promise.all(
    servers.map(async (server) => {
      server.close();
      await once(server, 'close');
    }),
  );
}
