import { styleText } from 'node:util';
import { type CliContext, wantsColours } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { inFlagWords } from './flag-words.ts';
import { UsageError } from './usage-error.ts';

/** An error as far as it is shown. Those of core are known by their code, so that core is not loaded to print one. */
interface Shown {
  readonly what: string;
  readonly remedy: string | undefined;
  readonly code: string | undefined;
}

/** Codes that say that the caller asked for something that cannot be. */
const usageCodes = new Set([
  'CLOUDSQL_CONFLICTING_OPTIONS',
  'CLOUDSQL_INVALID_INSTANCE_NAME',
  'CLOUDSQL_INVALID_OPTION',
  'CLOUDSQL_INVALID_URL',
  'CLOUDSQL_MISSING_OPTION',
  'CLOUDSQL_UNKNOWN_OPTION',
]);

/** Prints what failed, on what, and what to do; returns the exit code that the error stands for. */
export function printError(error: unknown, { stderr, env }: Pick<CliContext, 'stderr' | 'env'>): number {
  const { what, remedy, code } = shown(error);
  const colour = wantsColours(stderr, env);
  const paint = (format: 'red' | 'dim', text: string): string =>
    colour ? styleText(format, text, { validateStream: false }) : text;
  const lines = [`${paint('red', 'error:')} ${inFlagWords(what)}`];
  if (remedy !== undefined) lines.push(`  ${inFlagWords(remedy)}`);
  if (code !== undefined) lines.push(paint('dim', `  ${code}`));
  stderr.write(`${lines.join('\n')}\n`);
  return exitCodeOf(error);
}

/** The exit code that an error stands for. */
export function exitCodeOf(error: unknown): number {
  const code = codeOf(error);
  return error instanceof UsageError || (code !== undefined && usageCodes.has(code))
    ? exitCodes.usage
    : exitCodes.failed;
}

function shown(error: unknown): Shown {
  if (!(error instanceof Error)) return { what: String(error), remedy: undefined, code: undefined };
  const code = codeOf(error);
  const remedy = 'remedy' in error && typeof error.remedy === 'string' ? error.remedy : undefined;
  const { message } = error;
  const isSaid = remedy !== undefined && message.endsWith(` ${remedy}`);
  return { what: isSaid ? message.slice(0, -remedy.length - 1) : message, remedy, code };
}

function codeOf(error: unknown): string | undefined {
  const { code, reason } = error as { code?: unknown; reason?: unknown };
  return [reason, code].find((each): each is string => typeof each === 'string' && each.startsWith('CLOUDSQL_'));
}
