import type { Environment } from './client-environment.ts';
import { invalid } from './option-checks.ts';

/** How variables can be written down. */
export type EnvironmentFormat = 'sh' | 'fish' | 'pwsh' | 'dotenv' | 'json';

type WriteLine = (name: string, value: string) => string;

const LINES: Readonly<Record<Exclude<EnvironmentFormat, 'json'>, WriteLine>> = {
  sh: (name, value) => `export ${name}='${value.replaceAll("'", "'\\''")}'`,
  fish: (name, value) => `set -gx ${name} '${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`,
  pwsh: (name, value) => `$env:${name} = '${value.replaceAll("'", "''")}'`,
  dotenv: (name, value) => `${name}="${value.replaceAll(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`,
};

/** All formats of {@link formatEnvironment}. */
export const ENVIRONMENT_FORMATS: readonly EnvironmentFormat[] = ['sh', 'fish', 'pwsh', 'dotenv', 'json'];

/**
 * Writes variables as a shell, a `.env` file or a program reads them, with a line feed at the end.
 * @throws EmulatorError `INVALID_OPTION`
 */
export function formatEnvironment(env: Environment, format: EnvironmentFormat): string {
  if (format === 'json') return `${JSON.stringify(env, null, 2)}\n`;
  const line = Object.hasOwn(LINES, format)
    ? LINES[format]
    : invalid('format', `must be one of ${ENVIRONMENT_FORMATS.join(', ')}`, format);
  return Object.entries(env)
    .map(([name, value]) => `${line(name, value)}\n`)
    .join('');
}
