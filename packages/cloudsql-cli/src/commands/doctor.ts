import type { Instance } from '@x/cloudsql-core/diagnostics';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { addConnectorFlags, type ConnectorFlags } from '../cli/connector-flags.ts';
import { type CliContext, wantsColours } from '../cli/context.ts';
import { booleanOption } from '../cli/go-arguments.ts';
import { withConnector } from '../cli/open-connector.ts';
import { during } from '../cli/progress.ts';
import { UsageError } from '../cli/usage-error.ts';
import { conclusion, stepText } from '../doctor/report.ts';
import { type StepReport, stepNames, steps } from '../doctor/steps.ts';
import { addLoginFlags, type LoginFlags, type Target, targetOf } from '../login/login-flags.ts';

interface DoctorFlags extends ConnectorFlags, LoginFlags {
  readonly json?: boolean;
  readonly timeout: number;
}

const help = `
It goes the way of a connection, step by step, and says of each step that it is
well, or what is wrong, how that is known, and the command that mends it.
Nothing is changed. A warning keeps nobody from logging in.

The exit code is that of the first step that fails:
${stepNames.map((step) => `  ${steps[step].exitCode}  ${step}`).join('\n')}

Examples:
  cloudsql doctor my-project:europe-west1:orders --database orders
  cloudsql doctor my-project:europe-west1:orders --json \\
    | jq '.steps[] | select(.status == "FAILED")'`;

/** Adds the arguments, the flags and the action of `cloudsql doctor`. */
export function define(command: Command, context: CliContext): void {
  addConnectorFlags(
    addLoginFlags(
      command
        .argument('<instance>', 'project:region:instance, the name of an AlloyDB instance, or a DNS name')
        .addOption(booleanOption('--json', 'print what was found as JSON'))
        .option('--timeout <seconds>', 'how long one step may wait', readSeconds, 10),
    ),
  )
    .addHelpText('after', help)
    .action(async (instance: string, flags: DoctorFlags) => {
      const target = await targetOf(instance, flags, context.env);
      const reports = await withConnector(flags, (connector) => examine(connector, target, flags, context));
      const failed = reports.find(({ status }) => status === 'FAILED');
      context.exitCode = failed ? steps[failed.step].exitCode : 0;
      if (!flags.json) return void context.stdout.write(conclusion(reports));
      const answer = { instance, ok: !failed, failed: failed?.step, exitCode: context.exitCode, steps: reports };
      context.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
    });
}

async function examine(
  connector: Parameters<Parameters<typeof withConnector>[1]>[0],
  target: Target,
  flags: DoctorFlags,
  context: CliContext,
): Promise<readonly StepReport[]> {
  const [{ resolveInstance }, { runDoctor }, { nameless }] = await Promise.all([
    import('@x/cloudsql-core/diagnostics'),
    import('../doctor/run-doctor.ts'),
    import('../doctor/nameless.ts'),
  ]);
  const { authType, password, user } = target.connection;
  if (user === undefined && (authType === 'PASSWORD' || password !== undefined)) {
    throw new UsageError('A password login needs a user', 'Add --user.');
  }
  const colour = wantsColours(context.stdout, context.env);
  const report = (step: StepReport): void => void (flags.json || context.stdout.write(stepText(step, colour)));
  const timeoutMs = flags.timeout * 1000;
  const { instance: name } = target.connection;
  const found = await resolveInstance(connector, { instance: name, signal: AbortSignal.timeout(timeoutMs) }).catch(
    (error: unknown) => nameless(error, name),
  );
  if (Array.isArray(found)) {
    found.forEach(report);
    return found;
  }
  const instance = found as Instance;
  const examination = {
    connector,
    target,
    instance,
    env: context.env,
    timeoutMs,
    iam: authType === undefined ? password === undefined : authType !== 'PASSWORD',
    apiHost: `${instance.service === 'alloydb' ? 'alloydb' : 'sqladmin'}.googleapis.com`,
    impersonated: flags.impersonateServiceAccount?.split(',')[0],
  };
  return runDoctor(examination, report, (step, work) => during(context, `  ${step}`, work));
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== '' && seconds > 0 && seconds <= 3600) return seconds;
  throw new InvalidArgumentError('It is a number of seconds, up to 3600.');
}
