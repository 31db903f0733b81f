import { mariadbOptions } from '@x/cloudsql-core/mariadb';
import { mysql2Options } from '@x/cloudsql-core/mysql2';
import type { Emulator } from '@x/cloudsql-emulator';
import newestMariadb from 'mariadb';
import oldestMariadb from 'mariadb-oldest';
import newestMysql2 from 'mysql2/promise';
import oldestMysql2 from 'mysql2-oldest/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StuckConnector } from './adapter-conformance/stuck-connector.ts';
import { instance, native, setEnv } from './cloud.ts';
import { until } from './local-client.ts';
import { startMysqlCloud, withoutMysql } from './mysql-cloud.ts';

// The oldest drivers that the bindings say they work with, beside the newest.

interface Pool {
  query(sql: string): Promise<unknown>;
  end(): Promise<void>;
}

const drivers: readonly (readonly [
  name: string,
  makePool: (options: object) => Pool,
  rowsOf: (answer: never) => unknown,
])[] = [
  ['mysql2 3.0.0', (options) => oldestMysql2.createPool(mysql2Options(options as never)), ([rows]: [unknown]) => rows],
  [
    'the newest mysql2',
    (options) => newestMysql2.createPool(mysql2Options(options as never)),
    ([rows]: [unknown]) => rows,
  ],
  [
    'mariadb 3.0.0',
    (options) => oldestMariadb.createPool(mariadbOptions(options as never)),
    (rows) => [...(rows as [])],
  ],
  [
    'the newest mariadb',
    (options) => newestMariadb.createPool(mariadbOptions(options as never)),
    (rows) => [...(rows as [])],
  ],
];

describe.skipIf(withoutMysql)('the bindings for MySQL', () => {
  let cloud: Emulator;
  beforeAll(async () => {
    cloud = await startMysqlCloud();
    setEnv(cloud.env);
  });
  afterAll(() => cloud?.close());

  describe.each(drivers)('work with %s', (_, makePool, rowsOf) => {
    it.each([
      ['automatic IAM', {}, 'app@%'],
      ['the token as the password', { authType: 'IAM_MANUAL' }, 'app@%'],
      ['a password', { user: native.name, password: native.password }, 'native@%'],
      ['a password that a function tells', { user: native.name, password: async () => native.password }, 'native@%'],
    ])('and %s', async (_, login, user) => {
      const pool = makePool({ instance, database: 'orders', connectionLimit: 2, ...login });
      try {
        const answers = await Promise.all([1, 2, 3].map(() => pool.query('select current_user() as user')));
        expect(answers.map((answer) => rowsOf(answer as never))).toEqual(Array(3).fill([{ user }]));
      } finally {
        await pool.end();
      }
    });
  });

  it.each([
    ['3.0.0', oldestMysql2 as unknown as typeof newestMysql2],
    ['the newest', newestMysql2],
  ])('give up what a pool of mysql2, %s, dials when it is ended', async (_, mysql2) => {
    await using connector = new StuckConnector();
    connector.stuck = true;
    const options = { instance, database: 'orders', connectionLimit: 1, connector };
    const pool = mysql2.createPool(mysql2Options(options as never));
    // The second one waits for the connection of the first.
    const refused = [1, 2].map(() => expect(pool.query('select 1')).rejects.toThrow('closed during the dial'));
    await until(() => connector.dials.length === 1);
    await pool.end();
    await Promise.all(refused);
  });
});
