/** The faults that the study of Google's connector has seen happen, by their numbers in it. */
export const verified: readonly number[] = [
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 19, 20, 21, 22, 23, 24, 29, 30, 31, 32, 35],
];

/**
 * What the study has only read in its source, and what users miss, as far as it applies: the test that says it of ours,
 * by file and title. There is nothing to try on Google's.
 */
export const elsewhere: Readonly<Record<number, readonly [file: string, title: string]>> = {
  18: ['test/rival-faults/cases/18-refusals-are-retried.ts', '18 '],
};
