import type { TestProject } from 'vitest/node';
import { install } from './install.ts';
import { newestVersions } from './newest.ts';
import { packAll } from './packed.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The `node_modules` of a project that has our packed tarballs and the newest of everything else. */
    readonly modules: string;
  }
}

/** Before the tests of this folder: the project that they all use. */
export async function setup(project: TestProject): Promise<void> {
  project.provide('modules', await install('newest', await packAll(), newestVersions()));
}
