import { expect, inject, it } from 'vitest';
import { Project, section } from '../documented.ts';
import { expectIamOverPrivate, startGuideCloud, user } from './guide-cloud.ts';

it.each([
  ['Kysely', 'kysely.ts'],
  ['MikroORM', 'mikro-orm.ts'],
])('the program in the section on %s logs in and exits by itself', async (heading, program) => {
  await using cloud = await startGuideCloud();
  const project = new Project(section(heading, 'docs/kysely-and-mikro-orm.md').files, inject('modules'));
  try {
    const { code, output } = await project.run(`npx node ${program}`, cloud.env);
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining(`current_user: '${user}'`) });
  } finally {
    project.remove();
  }
  expectIamOverPrivate(cloud);
});
