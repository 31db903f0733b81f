/** What core says of its options, and what there is in place of it on a command line. */
const words: readonly (readonly [of: RegExp | string, here: string])[] = [
  [
    /(\w+_EMULATOR_HOST) is set beside the option `\w+`/,
    '$1 is set beside flags that name credentials or an address of the API',
  ],
  [
    /Unset the variable, remove `\w+`, or set `emulator: 'NEVER'`/,
    'Unset the variable to go to Google, or leave these flags out to go to the emulator',
  ],
  [" Where it is meant, as in tests of a production build, set `connector: { emulator: 'ANY' }`.", ''],
  [/`ipType` is ('\w+'(, '\w+')*)/, 'The instance has no address of the type $1'],
  ['The instance has: ', 'It has: '],
  ['Set `ipType` to one of these', 'Ask for one of these with --public-ip, --private-ip or --psc'],
  [
    'Set `ipType` to a type that the instance has',
    'Ask for a type that it has, with --public-ip, --private-ip or --psc',
  ],
  ['the wrong `ipType`', 'the wrong type of address'],
  ['Set the option `user` to the IAM database user', 'Name the IAM database user with --user'],
  ['or pass the option `credentials`', 'or name a file with --credentials-file'],
  ['set `trustExternalAccount: true` beside it', 'put it into a file and name that with --credentials-file'],
  ['Set `universeDomain`', 'Set --universe-domain'],
  ['name the project in the option `allowedProjects`', 'name the project with --allowed-projects'],
  [', or pass the option `resolver`', ''],
];

/** Puts what core says into the words of the command line. */
export function inFlagWords(text: string): string {
  return text.includes('`') ? words.reduce((said, [of, here]) => said.replace(of, here), text) : text;
}
