import { type Command, Option } from 'commander';
import type { CliContext } from '../cli/context.ts';
import { switchOption } from '../cli/go-arguments.ts';
import type { CommandLine } from '../proxy/config/gather.ts';
import { helpGroups } from '../proxy/config/help-groups.ts';
import type { Setting } from '../proxy/config/setting.ts';
import { findSetting, type SettingName, settingNames, settingOf } from '../proxy/config/settings.ts';
import { version } from '../version.ts';

const help = `
NAME is project:region:instance, the name of an AlloyDB instance, or a DNS name.
Parameters of one instance beat the flags:
  cloudsql proxy 'my-project:europe-west1:orders?port=6000&auto-iam-authn=true'

Each flag is also a variable (--max-connections is CSQL_PROXY_MAX_CONNECTIONS or
ALLOYDB_PROXY_MAX_CONNECTIONS) and a key in the file of --config-file. A flag
beats a variable, which beats the file.

OTEL_EXPORTER_OTLP_ENDPOINT sends metrics and spans to a collector of
OpenTelemetry.

Exit codes: 0 after /quitquitquit, 1 it failed, 2 the configuration is wrong,
129 SIGHUP, 130 SIGINT, 143 SIGTERM.`;

/** Adds the settings and the actions of \`cloudsql proxy\`, \`proxy wait\` and \`proxy shutdown\`. */
export function define(command: Command, context: CliContext): void {
  command
    .usage('[options] NAME[?parameter=value&…]…')
    .argument('[names...]', 'the instances to serve')
    .addHelpText('after', help)
    .version(version, '-v, --version', 'print the version')
    .option('--check-config', 'say what would be done, and do nothing');
  for (const name of settingNames) addSetting(command, name);
  command.action(async (names: string[]) => {
    const line = commandLine([command], names);
    const { resolveConfig } = await import('../proxy/config/resolve-config.ts');
    const config = await resolveConfig(line, context.env);
    if (command.getOptionValue('checkConfig') === true) {
      const { describeConfig } = await import('../proxy/config/describe-config.ts');
      context.stdout.write(describeConfig(config));
      return;
    }
    const { runProxy } = await import('../proxy/serve/run-proxy.ts');
    context.exitCode = await runProxy(config, context);
  });
  const wait = command
    .command('wait')
    .summary('wait until a proxy has started')
    .description('Wait until the proxy with this configuration has started. It must serve --health-check.')
    .option('-m, --max <duration>', 'how long to wait', '30s');
  for (const name of settingNames) addSetting(wait, name, ['http-address', 'http-port', 'config-file']);
  wait.action(async ({ max }: { readonly max: string }) => {
    const { waitForProxy } = await import('../proxy/remote/wait-for-proxy.ts');
    context.exitCode = await waitForProxy(commandLine([command, wait], []), max, context);
  });
  const shutdown = command
    .command('shutdown')
    .summary('end a proxy')
    .description('End the proxy with this configuration. It must serve --quitquitquit.');
  for (const name of settingNames) addSetting(shutdown, name, ['admin-port', 'config-file']);
  shutdown.action(async () => {
    const { shutDownProxy } = await import('../proxy/remote/shut-down-proxy.ts');
    context.exitCode = await shutDownProxy(commandLine([command, shutdown], []), context);
  });
}

/** Adds the flag of a setting; help shows those that are `shown`, or all that do something. */
function addSetting(command: Command, name: SettingName, shown?: readonly SettingName[]): void {
  const setting = settingOf(name);
  if (setting.instance === 'ONLY') return;
  const { short, alias, help: text, verdict } = setting;
  const heading = helpGroups.get(name);
  const isShown = shown ? shown.includes(name) : verdict !== 'REFUSED' && heading !== undefined;
  const option = optionOf(`${short ? `-${short}, ` : ''}--${name}`, text, setting);
  if (!shown && heading) option.helpGroup(heading);
  command.addOption(isShown ? option : option.hideHelp());
  if (alias) command.addOption(optionOf(`--${alias}`, text, setting).hideHelp());
}

function optionOf(flags: string, text: string, { kind, argument }: Setting): Option {
  return kind === 'SWITCH'
    ? switchOption(flags, text)
    : new Option(`${flags} <${argument ?? placeholders[kind]}>`, text);
}

const placeholders = {
  TEXT: 'text',
  COUNT: 'number',
  PORT: 'port',
  DURATION: 'duration',
  ADDRESS: 'ip',
  URL: 'url',
  EMAILS: 'emails',
  MODE: 'octal',
} as const;

/** The flags of a command and of those around it. */
function commandLine(commands: readonly Command[], instances: readonly string[]): CommandLine {
  const flags: Partial<Record<SettingName, string>> = {};
  for (const command of commands) {
    for (const option of command.options) {
      const name = findSetting((option.long ?? '').slice(2));
      const value: unknown = command.getOptionValue(option.attributeName());
      if (name && typeof value === 'string') flags[name] = value;
    }
  }
  return { flags, instances };
}
