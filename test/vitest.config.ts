import fs from 'node:fs';
import { availableParallelism } from 'node:os';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

const packages = fs.readdirSync(new URL('../packages', import.meta.url)).sort();

const projects: TestProjectInlineConfiguration[] = [
  ...packages.map((name) => ({
    extends: true as const,
    test: { name, root: `packages/${name}`, include: ['test/**/*.test.ts'] },
  })),
  {
    extends: true,
    test: { name: 'test', root: 'test', include: ['**/*.test.ts'], exclude: ['**/node_modules/**', 'matrix/**'] },
  },
  // In a project of its own, that has our packages as they are published.
  {
    extends: true,
    test: {
      name: 'matrix',
      root: 'test/matrix',
      include: ['**/*.test.ts'],
      globalSetup: './setup.ts',
      // A test here is up to six commands, each of which starts a process.
      testTimeout: 180_000,
    },
  },
  {
    extends: true,
    test: {
      name: 'types',
      include: [],
      globalSetup: `${import.meta.dirname}/generate-prisma.ts`,
      typecheck: {
        enabled: true,
        // One compiler run for all type tests.
        only: true,
        include: ['{packages/*/test,test}/**/*.test-d.ts'],
        tsconfig: './tsconfig.json',
        // Errors elsewhere are found by `npm run check`; here half of the packages may not be installed.
        ignoreSourceErrors: true,
      },
    },
  },
];

export default defineConfig({
  test: {
    projects,
    pool: 'forks',
    // Tests wait for sockets and databases most of the time, so there is room for one more than there are cores.
    maxWorkers: Math.min(4, availableParallelism() + 1),
    // Limits are for what hangs, not for what is slow on a busy machine.
    testTimeout: 90_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
    setupFiles: ['no-open-handles', 'patience'].map((name) => `${import.meta.dirname}/../tools/${name}.mjs`),
    reporters: [
      `${import.meta.dirname}/../tools/summary-reporter.mjs`,
      `${import.meta.dirname}/adapter-conformance/matrix-reporter.ts`,
      'default',
    ],
  },
});
