import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Outcome } from '../child.ts';
import type { Project } from '../documented.ts';

/** Runs a program that was copied into a project, after Prisma has generated its client if it needs one. */
export async function runExample(
  project: Project,
  main: string,
  env: Readonly<Record<string, string>>,
): Promise<Outcome> {
  if (existsSync(path.join(project.folder, 'prisma.config.ts'))) {
    const generated = await project.run('npx prisma generate', env);
    if (generated.code !== 0) return generated;
  }
  return project.run(`npx node ${main}`, env);
}
