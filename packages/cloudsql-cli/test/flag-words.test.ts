import { errorCatalogue } from '@x/cloudsql-core';
import { expect, it } from 'vitest';
import { inFlagWords } from '../src/cli/flag-words.ts';

it.each([
  [
    "`ipType` is 'PSC' (instance \"p:r:i\"). The instance has: 'PUBLIC', 'PRIVATE'. Set `ipType` to one of these, or enable the other type on the instance.",
    "The instance has no address of the type 'PSC' (instance \"p:r:i\"). It has: 'PUBLIC', 'PRIVATE'. Ask for one of these with --public-ip, --private-ip or --psc, or enable the other type on the instance.",
  ],
  [
    'It can name files, URLs and programs. If the JSON is yours, set `trustExternalAccount: true` beside it.',
    'It can name files, URLs and programs. If the JSON is yours, put it into a file and name that with --credentials-file.',
  ],
  ['Set the option `user` to the IAM database user.', 'Name the IAM database user with --user.'],
  ['Run `gcloud auth login`.', 'Run `gcloud auth login`.'],
])('%s', (said, here) => {
  expect(inFlagWords(said)).toBe(here);
});

it('knows every remedy that names an option', () => {
  const remedies = Object.values(errorCatalogue).map(({ remedy }) => inFlagWords(remedy));
  expect(remedies.filter((text) => /option `|(Set|set|pass|wrong) `/.test(text))).toEqual([]);
});
