import type { Command } from 'commander';

/** What may stand in place of the last word: commands first, then the options of the command that the words name. */
export function complete(program: Command, words: readonly string[]): readonly string[] {
  const last = words.at(-1) ?? '';
  let command = program;
  for (const word of words.slice(0, -1)) command = command.commands.find((each) => each.name() === word) ?? command;
  const names = command.commands.map((each) => each.name());
  const options = command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long }) => (long ? [long] : []));
  return [...names, ...(last.startsWith('-') ? options : [])].filter((each) => each.startsWith(last));
}
