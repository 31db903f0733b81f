import { type Command, InvalidArgumentError, Option } from 'commander';

/** What is in the flags of a switch for commander and not for people. */
export const switchValue = ' [true|false]';

/**
 * An option that is on or off, whose value is text. Like Google's programs, and unlike commander's own, it also takes `--name=false`; the
 * word behind it is never its value.
 */
export function switchOption(flags: string, description: string): Option {
  return new Option(`${flags}${switchValue}`, description);
}

/** A {@link switchOption} whose value is a boolean. */
export function booleanOption(flags: string, description: string): Option {
  return switchOption(flags, description).argParser((text) => {
    const value = readBoolean(text);
    if (value !== undefined) return value;
    throw new InvalidArgumentError('It is on or off: use true or false.');
  });
}

/** What Go's flags take for a boolean. */
export function readBoolean(text: string): boolean | undefined {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true;
  return ['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text) ? false : undefined;
}

/**
 * Rewrites a command line into `--name=value` words as commander reads them in one way only. What it means is what
 * Google's programs make of it: `-p6000`, `-p=6000`, `-il` for `-i -l`, a value may begin with a dash, and the word behind
 * a switch is an argument.
 */
export function goArguments(program: Command, args: readonly string[]): string[] {
  let command = program;
  const rewritten: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const word = args[i]!;
    if (word === '--') return [...rewritten, ...args.slice(i)];
    if (!word.startsWith('-') || word === '-') {
      command = command.commands.find((each) => each.name() === word) ?? command;
      rewritten.push(word);
      continue;
    }
    const { words, wantsNext } = word.startsWith('--') ? longOption(command, word) : shortOptions(command, word);
    if (wantsNext && i + 1 < args.length) words.push(`${words.pop()}=${args[++i]}`);
    rewritten.push(...words);
  }
  return rewritten;
}

interface Rewritten {
  readonly words: string[];
  /** Whether the word behind is the value. */
  readonly wantsNext: boolean;
}

function longOption(command: Command, word: string): Rewritten {
  if (word.includes('=')) return { words: [word], wantsNext: false };
  return spelled(
    find(command, ({ long }) => long === word),
    word,
  );
}

function shortOptions(command: Command, word: string): Rewritten {
  const words: string[] = [];
  for (let i = 1; i < word.length; i++) {
    const option = find(command, ({ short }) => short === `-${word[i]}`);
    // Commander says what is wrong with the rest.
    if (!option) return { words: [...words, `-${word.slice(i)}`], wantsNext: false };
    const rest = word.slice(i + 1);
    if (rest.startsWith('=')) return { words: [...words, `${option.long}${rest}`], wantsNext: false };
    if (option.required && rest !== '') return { words: [...words, `${option.long}=${rest}`], wantsNext: false };
    const { words: last, wantsNext } = spelled(option, option.long ?? `-${word[i]}`);
    words.push(...last);
    if (wantsNext) return { words, wantsNext };
  }
  return { words, wantsNext: false };
}

function spelled(option: Option | undefined, name: string): Rewritten {
  return { words: [option?.optional ? `${name}=true` : name], wantsNext: option?.required ?? false };
}

/** Options of a command hold for the commands inside of it. */
function find(command: Command | null, matches: (option: Option) => boolean): Option | undefined {
  for (let each = command; each; each = each.parent) {
    const option = each.options.find(matches);
    if (option) return option;
  }
  return undefined;
}
