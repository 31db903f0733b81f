import { Argument, type Command, Option } from 'commander';
import type { CliContext } from '../cli/context.ts';

/** Each asks the program itself, so that a script stays right when the program is updated. */
const scripts: Readonly<Record<string, string>> = {
  bash: `_cloudsql() {
  local IFS=$'\\n'
  COMPREPLY=($(cloudsql __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _cloudsql cloudsql
`,
  zsh: `#compdef cloudsql
_cloudsql() {
  local -a found
  found=(\${(f)"$(cloudsql __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( \${#found} )); then compadd -- $found; else _files; fi
}
compdef _cloudsql cloudsql
`,
  fish: `complete -c cloudsql -a '(cloudsql __complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
  powershell: `Register-ArgumentCompleter -Native -CommandName cloudsql -ScriptBlock {
  param($word, $line)
  $words = @($line.CommandElements | Select-Object -Skip 1 | ForEach-Object { "$_" })
  if ($word -eq '') { $words += '""' }
  cloudsql __complete @words 2>$null
}
`,
};

const help = `
Add a line to the start-up file of your shell:
  bash        source <(cloudsql completion bash)
  zsh         source <(cloudsql completion zsh)
  fish        cloudsql completion fish | source
  powershell  cloudsql completion powershell | Out-String | Invoke-Expression`;

/** Adds the argument and the action of \`cloudsql completion\`. */
export function define(command: Command, { stdout }: CliContext): void {
  command
    .addArgument(new Argument('<shell>', 'which shell').choices(Object.keys(scripts)))
    // As Google's proxies take it; here there are none.
    .addOption(new Option('--no-descriptions').hideHelp())
    .addHelpText('after', help)
    .action((shell: string) => void stdout.write(scripts[shell]!));
}
