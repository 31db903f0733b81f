import { cannot, type ScenarioName, scenarioNames, servicesOf } from './capabilities.ts';
import type { RowName } from './row.ts';

/** One line of the matrix: an adapter with a driver, on a service. */
export interface MatrixRow {
  readonly row: RowName;
  readonly service: string;
}

/** All lines: each adapter on each service that has its engine. */
export const matrixRows: readonly MatrixRow[] = (Object.keys(cannot) as RowName[]).flatMap((row) =>
  servicesOf(row).map((service) => ({ row, service })),
);

/** What a scenario comes to in a row. */
export type Cell = 'passed' | 'failed' | 'skipped' | undefined;

const marks: Readonly<Record<string, string>> = { passed: '✓', failed: '✗', skipped: '–' };

/** The matrix as text: a line for each row, a column for each scenario, and how many passed and were skipped. */
export function matrixText(cellOf: (row: MatrixRow, scenario: ScenarioName) => Cell): string {
  const columns = scenarioNames.map((name, index) => `${String(index + 1).padStart(2)} ${name}`);
  const numbers = scenarioNames.map((_, index) => String(index + 1).padStart(3)).join('');
  const lines = matrixRows.map((row) => {
    const cells = scenarioNames.map((name) => cellOf(row, name));
    const count = (wanted: Cell): string => String(cells.filter((cell) => cell === wanted).length).padStart(7);
    const drawn = cells.map((cell) => (marks[cell ?? ''] ?? ' ').padStart(3)).join('');
    return `${`${row.row} on ${row.service}`.padEnd(38)}${drawn}${count('passed')}${count('skipped')}`;
  });
  return [`${''.padEnd(38)}${numbers} passed skipped`, ...lines, '', ...columns].join('\n');
}
