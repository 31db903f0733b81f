import type { PendingDials } from '@x/cloudsql-core';
import knex, { type Knex } from 'knex';

/**
 * Knex's own client for a database, for the option `client`: Knex calls it as a constructor. Destroying it waits for
 * connections in the making; this one gives them up.
 */
export function clientOf(name: string, dials: PendingDials): typeof Knex.Client {
  function CloudSqlClient(config: Knex.Config): Knex.Client {
    const { client } = knex({ ...config, client: name }) as Knex & { client: Knex.Client };
    return dials.giveUpAt(client, 'destroy');
  }
  // Older versions of Knex tell a constructor from other functions by that.
  CloudSqlClient.prototype = Object.create(knex.Client.prototype);
  return CloudSqlClient as unknown as typeof Knex.Client;
}
