import { checkOrmOptions, nodesOf, type OrmConnection, ownedAddress } from '@x/cloudsql-core';
import type { Mysql2Config } from '@x/cloudsql-core/mysql2';
import type { PgConfig } from '@x/cloudsql-core/pg';

/** TypeORM's `replication`, with an instance for each node. What a node does not say, the options beside say for all. */
export interface Replication<Node extends object = OrmConnection> {
  readonly master: Node;
  readonly slaves: readonly Node[];
}

/** TypeORM merges `extra` last into what it gives to a driver, so that all of the connection stands in one place. */
export function inExtra<Config extends { database?: string }>(config: Config): object {
  return { ...(config.database === undefined ? {} : { database: config.database }), extra: config };
}

/** In `extra` there is only one `stream` for all nodes; who logs in where is said for each. */
export function replicated<Config extends PgConfig | Mysql2Config>(
  common: object,
  { master, slaves, ...rest }: Replication,
  bind: (node: OrmConnection) => Config,
): object {
  // A missing list is refused in the words for a missing node.
  const configs = [master, ...(slaves ?? [undefined])].map((node) => {
    checkOrmOptions('TypeORM replication', node, ownedAddress);
    return bind({ ...common, ...node });
  });
  const { nodes, shared } = nodesOf(configs);
  const [first, ...others] = nodes.map(({ host, port, user: username, password, database }) => {
    return { host, port, username, password, database };
  });
  const { host: _, port: _port, user: _user, password: _password, database: _database, ...driver } = configs[0]!;
  return { replication: { ...rest, master: first, slaves: others }, extra: { ...driver, ...shared } };
}
