import path from 'node:path';
import type { Emulator } from '@x/cloudsql-emulator';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { appUser, instance, startCloud } from '../cloud.ts';
import { Project } from '../documented.ts';
import { exampleNames } from './newest.ts';
import { root } from './packed.ts';
import { runExample } from './run-example.ts';

const modules = inject('modules');
let cloud: Emulator;

beforeAll(async () => {
  cloud = await startCloud();
});

afterAll(() => cloud.close());

describe.each(exampleNames())('examples/%s, copied into a project that has the published packages', (name) => {
  it.each([
    ['PUBLIC', {}],
    ['PRIVATE', { PRIVATE_IP: '1' }],
  ])('runs over the %s address', async (ipType, variables) => {
    const project = new Project({}, modules);
    const before = cloud.connections.length;
    try {
      project.copy(path.join(root, 'examples', name));
      const env = { ...cloud.env, INSTANCE_CONNECTION_NAME: instance, DB_NAME: 'orders', ...variables };
      const { code, output } = await runExample(project, 'main.ts', env);
      expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('rowsRead: 21') });
      expect(output).toContain(`currentUser: '${appUser}'`);
    } finally {
      project.remove();
    }
    const connections = cloud.connections.slice(before);
    expect(connections.length).toBeGreaterThan(0);
    for (const connection of connections) expect(connection).toMatchObject({ user: appUser, ipType });
  });
});
