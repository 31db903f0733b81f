import { once } from 'node:events';
import type { Emulator } from '@x/cloudsql-emulator';
import pg from 'pg';
import { describe, expect, inject, it } from 'vitest';
import { Project, section } from '../documented.ts';
import { freePort } from '../free-port.ts';
import { expectIamOverPrivate, instance, startGuideCloud, user } from './guide-cloud.ts';
import { type Guide, guides } from './guides.ts';

// The files and commands of docs/migrations.md, as they stand there, in a project that has our packed tarballs.

const modules = inject('modules');

/** Asks the database, past Cloud SQL. */
async function query(cloud: Emulator, sql: string): Promise<string[]> {
  const client = new pg.Client(cloud.databaseUrl(instance, 'orders'));
  await client.connect();
  try {
    const { rows } = await client.query<[string]>({ text: sql, rowMode: 'array' });
    return rows.map(([first]) => first);
  } finally {
    await client.end();
  }
}

const tables = "select tablename from pg_tables where schemaname in ('public', 'drizzle') order by 1";
const shadows = "select datname from pg_database where datname like 'prisma_migrate%'";

describe.each(Object.entries(guides))('the guide for %s', (_, { heading, page, files, steps, env, rights }: Guide) => {
  it('has files and commands that migrate through the connector and exit by themselves', async () => {
    const documented = section(heading, page);
    const commands = documented.commands.filter((command) => command.startsWith('npx '));
    expect(steps.map(({ command }) => command)).toEqual(expect.arrayContaining(commands));

    await using cloud = await startGuideCloud();
    if (rights) await query(cloud, `alter role "${user}" ${rights}`);
    const project = new Project({ ...documented.files, ...files }, modules);
    try {
      for (const { command, tables: expected, files: changed = {} } of steps) {
        project.write(changed);
        const { code, output } = await project.run(command, { ...cloud.env, ...env });
        const there = await query(cloud, tables);
        expect({ command, code, there, output }).toEqual({ command, code: 0, there: expected, output });
      }
      expect(project.litter()).toEqual([]);
      expect(await query(cloud, shadows)).toEqual([]);
    } finally {
      project.remove();
    }
    expectIamOverPrivate(cloud);
  });
});

describe('drizzle-kit studio', () => {
  it('answers from the database until it is stopped', async () => {
    await using cloud = await startGuideCloud();
    const project = new Project({ ...section('Drizzle').files, ...guides.Drizzle?.files }, modules);
    try {
      const port = await freePort();
      const studio = project.start(`npx drizzle-kit studio --port ${port}`, cloud.env);
      let output = '';
      for (const stream of [studio.stdout!, studio.stderr!]) stream.on('data', (chunk) => (output += chunk));
      const ended = once(studio, 'exit');
      try {
        while (!output.includes('up and running')) await Promise.race([once(studio.stdout!, 'data'), ended]);
        const data = { sql: 'select current_user', params: [], mode: 'object', method: 'get' };
        const answer = await fetch(`http://127.0.0.1:${port}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ type: 'proxy', data }),
        });
        expect(await answer.text()).toContain(user);
      } finally {
        studio.kill('SIGINT');
      }
      expect(await ended).toEqual([null, 'SIGINT']);
    } finally {
      project.remove();
    }
    expectIamOverPrivate(cloud);
  });
});

describe('the section on the local listener', () => {
  it('has a program that runs and exits by itself', async () => {
    await using cloud = await startGuideCloud();
    const project = new Project(section('The local listener').files, modules);
    try {
      const { code, output } = await project.run('npx node any-tool.ts', cloud.env);
      expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('postgresql://') });
      expect(project.litter()).toEqual([]);
    } finally {
      project.remove();
    }
  });
});
