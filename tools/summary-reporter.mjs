// A vitest reporter whose last word is `N passed, N failed, N skipped`, whatever else is printed.
// Above it, the skipped tests with their reasons.

/** @import { Reporter, TestModule } from 'vitest/node' */

/** @implements {Reporter} */
export default class SummaryReporter {
  #passed = 0;
  #failed = 0;
  /** @type {string[]} */
  #skipped = [];

  onInit() {
    // At the very end of the process: other reporters and vitest itself write after the tests.
    process.on('exit', (code) => {
      // A run that broke down before its end has counted nothing.
      if (code !== 0 && this.#failed === 0) this.#failed = 1;
      const skipped = this.#skipped.map((line) => `skipped: ${line}\n`).join('');
      process.stdout.write(
        `${skipped}${this.#passed} passed, ${this.#failed} failed, ${this.#skipped.length} skipped\n`,
      );
    });
  }

  /**
   * @param {ReadonlyArray<TestModule>} modules
   * @param {ReadonlyArray<unknown>} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    // An error outside of any test makes the run fail, so it must not be summed up as `0 failed`.
    this.#failed = unhandledErrors.length;
    this.#passed = 0;
    this.#skipped = [];
    for (const module of modules) {
      let failedTests = 0;
      for (const test of module.children.allTests()) {
        const { state, note } = /** @type {{ state: string, note?: string }} */ (test.result());
        if (state === 'passed') this.#passed++;
        else if (state === 'failed') failedTests++;
        else {
          this.#skipped.push(
            `${module.project.name} ${module.relativeModuleId} > ${test.fullName} (${note ?? 'no reason given'})`,
          );
        }
      }
      // A file that cannot be loaded has an error and no tests; so has one whose hooks failed.
      this.#failed += Math.max(failedTests + module.errors().length, Number(module.state() === 'failed'));
    }
  }
}
