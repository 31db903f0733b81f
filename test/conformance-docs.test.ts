import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { conformanceReference } from '../docs/conformance.ts';
import { scenarioNames } from './adapter-conformance/capabilities.ts';
import { scenarios } from './adapter-conformance/scenarios.ts';

it('docs/conformance.md is what the capability table says: if not, run docs/conformance.ts', () => {
  expect(readFileSync(new URL('../docs/conformance.md', import.meta.url), 'utf8')).toBe(conformanceReference());
});

it('names the scenarios as they run', () => {
  expect(scenarios.map(({ name }) => name)).toEqual(scenarioNames);
});
