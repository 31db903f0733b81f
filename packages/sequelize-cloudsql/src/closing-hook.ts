import type { PendingDials } from '@x/cloudsql-core';
import type { Options, Sequelize } from 'sequelize';

type Hooks = Options['hooks'];

/**
 * Hooks that make `sequelize.close()` give up the connections in the making, for which it waits otherwise. There is no
 * hook for the end, but Sequelize calls the one before each connection on itself.
 */
export function closingHook(hooks: Hooks, dials: PendingDials): Hooks {
  const prepared = new WeakSet<Sequelize>();
  function beforeConnect(this: Sequelize): void {
    if (prepared.has(this)) return;
    prepared.add(this);
    dials.giveUpAt(this, 'close');
  }
  // Sequelize takes lists, too, although its types do not say so.
  return { ...hooks, beforeConnect: [beforeConnect, hooks?.beforeConnect ?? []].flat() as never };
}
