import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { DeferredSocket } from './deferred-socket.ts';
import { PendingDials } from './pending-dials.ts';

/** What a binding makes of one node. */
interface NodeConfig {
  host: string;
  stream: (...given: never[]) => Duplex;
  log?: (...messages: unknown[]) => void;
}

/** What mysql2 tells when it wants a socket; pg tells something else. */
interface Wanted {
  readonly config?: { readonly host?: string };
}

/**
 * Gives each node of a replication a host of its own, and all of them one `stream`, for ORMs that have only one: it goes
 * by the host that a driver asks for.
 */
export function nodesOf<Config extends NodeConfig>(
  configs: readonly Config[],
): {
  readonly nodes: readonly Config[];
  readonly shared: { stream: (wanted?: Wanted) => Duplex; log: (...messages: unknown[]) => void };
} {
  const nodes = configs.map((config, index) => ({ ...config, host: `node-${index}.${config.host}` }));
  const dial = (host: string | undefined, ...given: unknown[]): Duplex => {
    const node = nodes.find((each) => each.host === host) ?? nodes[0]!;
    return node.stream(...(given as never[]));
  };
  const dials = new PendingDials();
  return {
    nodes,
    shared: {
      stream: dials.watch((wanted?: Wanted) =>
        wanted?.config?.host ? dial(wanted.config.host, wanted) : new NodeSocket(dial),
      ),
      log(...messages) {
        if (messages[0] === 'ending') dials.giveUp();
        configs[0]?.log?.(...messages);
      },
    },
  };
}

/** A socket for pg, which says only at `connect` to which host. */
class NodeSocket extends DeferredSocket {
  #host: string | undefined;

  constructor(dial: (host: string | undefined) => Duplex) {
    super({
      dial: async (signal) => {
        const socket = dial(this.#host) as DeferredSocket;
        signal.addEventListener('abort', () => socket.destroy(), { once: true });
        await once(socket.connect(), 'connect');
        return socket as unknown as Socket;
      },
      refused: () => undefined,
    });
  }

  override connect(_port?: unknown, host?: string): this {
    this.#host = host;
    return super.connect();
  }
}
