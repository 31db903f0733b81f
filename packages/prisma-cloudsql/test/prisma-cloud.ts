import { pgOptions } from '@x/cloudsql-core/pg';
import { type Emulator, startEmulator } from '@x/cloudsql-emulator';
import pg from 'pg';
import { vi } from 'vitest';
import type { Outcome, PrismaProject } from './prisma-project.ts';

const instance = 'demo-shop:europe-west1:orders';

/** An instance for the tests of the schema engine. */
export class PrismaCloud {
  /** May do everything that a user of Cloud SQL may. */
  readonly user = 'app@demo-shop.iam';
  readonly #emulator: Emulator;
  readonly #project: PrismaProject;

  private constructor(emulator: Emulator, project: PrismaProject) {
    this.#emulator = emulator;
    this.#project = project;
  }

  static async start(project: PrismaProject): Promise<PrismaCloud> {
    const emails = ['app', 'guest'].map((name) => `${name}@demo-shop.iam.gserviceaccount.com`);
    const [app, guest] = emails as [string, string];
    const emulator = await startEmulator({
      instances: [
        {
          name: instance,
          databases: ['orders', 'execute', 'schemas', 'shadow', 'broken', 'dev', 'pushed'],
          users: [{ email: app, databaseRoles: ['cloudsqlsuperuser'] }, { email: guest }],
        },
      ],
      principals: emails.map((email) => ({ email })),
    });
    for (const [name, value] of Object.entries(emulator.env)) vi.stubEnv(name, value);
    return new PrismaCloud(emulator, project);
  }

  /** Variables that lead to it. */
  get env(): Readonly<Record<string, string>> {
    return this.#emulator.env;
  }

  url(database: string, login = '', more = ''): string {
    return `postgresql://${login && `${encodeURIComponent(login)}@`}/${database}?instance=${instance}${more}`;
  }

  /** Runs `prisma` on `database`. */
  prisma(
    line: string,
    database = 'orders',
    env: Readonly<Record<string, string>> = {},
    { project = this.#project, stdin = '' } = {},
  ): Promise<Outcome> {
    return project.run(line.split(' '), { ...this.#emulator.env, URL: this.url(database), ...env }, stdin);
  }

  async query(sql: string, database = 'orders'): Promise<unknown[]> {
    const client = new pg.Client(pgOptions({ instance, database }));
    await client.connect();
    try {
      return (await client.query({ text: sql, rowMode: 'array' })).rows;
    } finally {
      await client.end();
    }
  }

  shadows(): Promise<unknown[]> {
    return this.query("select datname from pg_database where datname like 'prisma_migrate%'");
  }

  async close(): Promise<void> {
    await this.#emulator.close();
    vi.unstubAllEnvs();
  }
}
