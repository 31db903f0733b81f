import type { Reporter, TestModule } from 'vitest/node';
import { type Cell, matrixText } from './matrix.ts';

/** A vitest reporter that draws the matrix of the conformance suite, if any of it has run. */
export default class MatrixReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const cells = new Map<string, Cell>();
    for (const module of modules.filter(({ moduleId }) => moduleId.includes('/adapter-conformance/'))) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state !== 'pending') cells.set(test.fullName, state);
      }
    }
    if (cells.size === 0) return;
    const text = matrixText(({ row, service }, scenario) => cells.get(`${row} on ${service} > ${scenario}`));
    process.stdout.write(`\n${text}\n\n`);
  }
}
