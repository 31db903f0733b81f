import { execFileSync, spawnSync } from 'node:child_process';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { commands } from '../src/cli/commands.ts';
import { booleanOption, goArguments } from '../src/cli/go-arguments.ts';
import { version } from '../src/version.ts';
import { cli } from './cli.ts';

/** What completes the last word. */
async function words(...args: string[]): Promise<string[]> {
  return (await cli(['__complete', ...args])).stdout.split('\n').slice(0, -1);
}

describe('cloudsql', () => {
  it('prints help, on stdout, with every command', async () => {
    const { code, stdout, stderr } = await cli(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const name of Object.keys(commands)) expect(stdout).toContain(`\n  ${name} `);
    expect(await cli(['help'])).toEqual({ code: 0, stdout, stderr: '' });
  });

  it.each(['', ...Object.keys(commands), 'proxy wait', 'emulator exec'])(
    'has help for terminals of 80 columns: %s',
    async (command) => {
      const { code, stdout } = await cli([...command.split(' ').filter(Boolean), '--help']);
      expect(code).toBe(0);
      expect(stdout.split('\n').filter(({ length }) => length > 80)).toEqual([]);
    },
  );

  it('prints help without a command, and fails', async () => {
    const { code, stderr } = await cli([]);
    expect(code).toBe(2);
    expect(stderr).toContain('Usage: cloudsql');
  });

  it.each(['--version', '-v'])('prints its version for %s', async (flag) => {
    expect(await cli([flag])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it.each([
    [['complet'], "error: unknown command 'complet'\n(Did you mean completion?)"],
    [['completion'], "error: missing required argument 'shell'"],
    [
      ['completion', 'tcsh'],
      "'tcsh' is invalid for argument 'shell'. Allowed choices are bash, zsh, fish, powershell.",
    ],
    [['completion', 'bash', '--colour'], "error: unknown option '--colour'"],
  ])('says what is wrong with %j', async (args, message) => {
    const { code, stdout, stderr } = await cli(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('lets its reader stop early', () => {
    const main = new URL('../src/main.ts', import.meta.url).pathname;
    const pipe = `'${process.execPath}' --no-warnings '${main}' proxy --help | { read -r line; echo "$line"; }; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', pipe], { encoding: 'utf8' });
    expect({ stdout, stderr }).toEqual({
      stdout: 'Usage: cloudsql proxy [options] NAME[?parameter=value&…]…\n0\n',
      stderr: '',
    });
  });

  it('completes commands, options and nothing else', async () => {
    expect(await words('')).toEqual(Object.keys(commands));
    expect(await words('compl')).toEqual(['completion']);
    expect(await words('--v')).toEqual(['--version']);
    expect(await words('completion', '--')).toEqual(['--help']);
    expect(await words('nothing', 'x')).toEqual([]);
    expect(await words('proxy', '--max-')).toEqual(['--max-connections', '--max-sigterm-delay']);
    expect(await words('proxy', '--config-file', '')).toEqual([]);
    expect(await words('exec', 'p:r:i', '--', 'psql', '--')).toEqual([]);
  });

  it('completes the values of options and arguments that have some', async () => {
    expect(await words('completion', '')).toEqual(['bash', 'zsh', 'fish', 'powershell']);
    expect(await words('login-token', '--format', '')).toEqual(['token', 'json', 'env', 'pgpass']);
    expect(await words('login-token', '--format', 'j')).toEqual(['json']);
    expect(await words('login-token', '--format=j')).toEqual(['--format=json']);
    // As bash takes that apart.
    expect(await words('login-token', '--format', '=', 'j')).toEqual(['json']);
    expect(await words('login-token', '--format', '=')).toEqual(['token', 'json', 'env', 'pgpass']);
  });

  it('takes what Google’s proxies take for a script', async () => {
    const script = await cli(['completion', 'zsh']);
    expect(await cli(['completion', 'zsh', '--no-descriptions'])).toEqual(script);
  });

  it('completes in a real shell', async () => {
    const { stdout: script } = await cli(['completion', 'bash']);
    const main = new URL('../src/main.ts', import.meta.url).pathname;
    const lines = [
      `cloudsql() { '${process.execPath}' --no-warnings '${main}' "$@"; }`,
      script,
      'COMP_WORDS=(cloudsql compl); COMP_CWORD=1; _cloudsql; echo "$COMPREPLY"',
    ];
    expect(execFileSync('bash', ['-c', lines.join('\n')], { encoding: 'utf8' })).toBe('completion\n');
  });
});

describe('a command line in the style of Go', () => {
  const program = new Command('p').option('-p, --port <n>').option('-u, --unix-socket <dir>');
  program.addOption(booleanOption('-i, --iam', '')).addOption(booleanOption('-l, --logs', ''));

  it.each([
    ['--port 6000 x', '--port=6000 x'],
    ['--port=6000', '--port=6000'],
    ['--port -1', '--port=-1'],
    ['-p 6000', '--port=6000'],
    ['-p6000', '--port=6000'],
    ['-p=6000', '--port=6000'],
    ['--iam false', '--iam=true false'],
    ['--iam=false', '--iam=false'],
    ['-il', '--iam=true --logs=true'],
    ['-ilp 6000 x', '--iam=true --logs=true --port=6000 x'],
    ['-iu/tmp', '--iam=true --unix-socket=/tmp'],
    ['-i=false', '--iam=false'],
    ['-iz', '--iam=true -z'],
    ['--port', '--port'],
    ['--nope x', '--nope x'],
    ['- --', '- --'],
    ['--iam -- -p 1', '--iam=true -- -p 1'],
  ])('%s means %s', (given, meant) => {
    expect(goArguments(program, given.split(' ')).join(' ')).toBe(meant);
  });
});
