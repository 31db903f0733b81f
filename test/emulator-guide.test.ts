import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readConfig } from '@x/cloudsql-emulator';
import { afterEach, describe, expect, it } from 'vitest';
import { Project, section } from './documented.ts';

// What docs/emulator.md shows is what runs here, as it stands there. Jest is tried where there is one: in test/matrix.

const page = 'docs/emulator.md';
const modules = path.join(import.meta.dirname, 'node_modules');
let project: Project | undefined;
afterEach(() => {
  project?.remove();
  project = undefined;
});

describe('the guide to the emulator', () => {
  it.each([
    ['Vitest', 'Tests  3 passed (3)'],
    ['node:test', 'pass 1'],
  ])('has tests for %s that pass and leave nothing', async (heading, summary) => {
    const { files, commands } = section(heading, page);
    project = new Project(files, modules);
    const { code, output } = await project.run(commands[0]!, { NODE_NO_WARNINGS: '1' });
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining(summary) });
    expect(project.litter()).toEqual([]);
  });

  it('begins in the README with a test that passes', async () => {
    const { files } = section('Use', 'packages/cloudsql-emulator/README.md');
    project = new Project(files, modules);
    const { code, output } = await project.run('npx vitest run', { NODE_NO_WARNINGS: '1' });
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('Tests  1 passed (1)') });
    expect(project.litter()).toEqual([]);
  });

  it('has a file of options that the emulator takes', async () => {
    project = new Project({ 'emulator.yaml': yaml('emulator.yaml') }, modules);
    const options = await readConfig(path.join(project.folder, 'emulator.yaml'));
    expect(options.instances?.map(({ name }) => name)).toEqual([
      'demo-shop:europe-west1:orders',
      'projects/demo-shop/locations/europe-west1/clusters/main/instances/primary',
    ]);
    expect(options.dataDir).toBe(path.join(project.folder, 'cloudsql-data'));
  });

  it('has a workflow that only runs the tests', () => {
    const workflow = yaml('.github/workflows/test.yml');
    expect([...workflow.matchAll(/^ +- (?:run|uses): (.+)$/gm)].map(([, step]) => step)).toEqual([
      'actions/checkout@v4',
      'actions/setup-node@v4',
      'npm ci',
      'npm test',
    ]);
  });
});

/** The YAML that begins with the name of its file. */
function yaml(name: string): string {
  const text = readFileSync(new URL(`../${page}`, import.meta.url), 'utf8');
  const blocks = [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code);
  const found = blocks.find((code) => code.startsWith(`# ${name}\n`));
  if (found === undefined) throw new Error(`${page} shows no ${name}`);
  return found;
}
