import type { Command, Option } from 'commander';

/**
 * What may stand in place of the last word: the values of an option or an argument that has some, commands, and the
 * options of the command that the words name. Nothing behind `--`, where somebody else's command line begins.
 */
export function complete(program: Command, words: readonly string[]): readonly string[] {
  const before = words.slice(0, -1);
  if (before.includes('--')) return [];
  const last = words.at(-1) ?? '';
  let command = program;
  for (const word of before) command = command.commands.find((each) => each.name() === word) ?? command;
  return candidates(command, before, last).filter((each) => each.startsWith(last === '=' ? '' : last));
}

function candidates(command: Command, before: readonly string[], last: string): readonly string[] {
  const options = command.createHelp().visibleOptions(command);
  // bash takes an equals sign for a word of its own.
  const isApart = last === '=' || before.at(-1) === '=';
  const named = isApart ? before.at(last === '=' ? -1 : -2) : before.at(-1);
  const option = options.find(({ long, short }) => named !== undefined && [long, short].includes(named));
  if (option?.required || isApart) return option?.argChoices ?? [];
  if (last.startsWith('-')) return options.flatMap((each) => [each.long ?? '', ...assigned(each, last)]);
  const [argument] = command.registeredArguments;
  return [...command.commands.map((each) => each.name()), ...(argument?.argChoices ?? [])];
}

/** `--name=value`, for shells in which that is one word. */
function assigned({ long, argChoices = [] }: Option, last: string): readonly string[] {
  return last.startsWith(`${long}=`) ? argChoices.map((choice) => `${long}=${choice}`) : [];
}
