import { styleText } from 'node:util';
import type { Status, StepReport } from './steps.ts';

const marks = { OK: '✓', WARNING: '!', FAILED: '✗', SKIPPED: '–' } as const satisfies Record<Status, string>;
const colours = { OK: 'green', WARNING: 'yellow', FAILED: 'red', SKIPPED: 'dim' } as const satisfies Record<
  Status,
  string
>;

const indent = ' '.repeat(15);

/** What a step has found, for a person. */
export function stepText({ step, status, found, evidence, remedy, advice }: StepReport, colour: boolean): string {
  const paint = (format: (typeof colours)[Status] | 'bold', text: string): string =>
    colour ? styleText(format, text, { validateStream: false }) : text;
  const lines = [`${paint(colours[status], marks[status])} ${step.padEnd(12)} ${found}`];
  if (evidence && (status === 'FAILED' || status === 'WARNING')) lines.push(`${indent}${paint('dim', evidence)}`);
  for (const command of remedy ?? []) lines.push(`${indent}${paint('bold', command)}`);
  if (advice) lines.push(`${indent}${advice}`);
  return `${lines.join('\n')}\n`;
}

/** The last line. */
export function conclusion(reports: readonly StepReport[]): string {
  const of = (status: Status): readonly StepReport[] => reports.filter((report) => report.status === status);
  const [first] = of('FAILED');
  if (first) return `\nMend ${first.step} first, then run this again.\n`;
  const warnings = of('WARNING').length;
  // Nobody has seen it work.
  if (reports.some(({ step, status }) => step === 'login' && status === 'SKIPPED')) {
    return `\nNothing is wrong up to the login, which was not tried.${warnings === 0 ? '' : ' See the warnings.'}\n`;
  }
  return warnings === 0
    ? '\nAll is well.\n'
    : `\nIt works. ${warnings === 1 ? 'One thing' : `${warnings} things`} could be better.\n`;
}
