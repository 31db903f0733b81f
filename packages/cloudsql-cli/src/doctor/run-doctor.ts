import { blame } from './blame.ts';
import { checkAddresses } from './checks/addresses.ts';
import { checkApi, checkRoles } from './checks/api.ts';
import { checkApiEgress } from './checks/api-egress.ts';
import { checkClock } from './checks/clock.ts';
import { checkCredentials } from './checks/credentials.ts';
import { checkEnvironment } from './checks/environment.ts';
import { checkInstance } from './checks/instance.ts';
import { checkLogin } from './checks/login.ts';
import { checkDns, checkEgress, checkExchange, checkIdentity, checkTls } from './checks/path.ts';
import { checkUser } from './checks/user.ts';
import type { Examination } from './examination.ts';
import { type Finding, type StepName, type StepReport, stepNames, steps } from './steps.ts';

const checks: Readonly<Record<StepName, (examination: Examination) => Promise<Finding>>> = {
  clock: checkClock,
  environment: checkEnvironment,
  'api-egress': checkApiEgress,
  credentials: checkCredentials,
  api: checkApi,
  roles: checkRoles,
  instance: checkInstance,
  addresses: checkAddresses,
  dns: checkDns,
  egress: checkEgress,
  tls: checkTls,
  identity: checkIdentity,
  exchange: checkExchange,
  user: checkUser,
  login: checkLogin,
};

/**
 * Walks through all steps. What needs a step that failed is skipped. An error belongs to the step that it is about, which
 * may be a later one than the step that met it: an API that answers with a refusal is reachable, for example.
 * `report` hears of each step when it is over, `during` can say what is being waited for.
 */
export async function runDoctor(
  examination: Examination,
  report: (step: StepReport) => void,
  during: <T>(step: StepName, work: Promise<T>) => Promise<T>,
): Promise<readonly StepReport[]> {
  const reports = new Map<StepName, StepReport>();
  const foreseen = new Map<StepName, Finding>();
  for (const step of stepNames) {
    const started = performance.now();
    const { needs } = steps[step];
    const missing = needs.find((each) => reports.get(each)?.status === 'FAILED' || isBlocked(reports.get(each)));
    const finding =
      foreseen.get(step) ??
      (missing ? blockedBy(missing) : await during(step, check(step, examination, foreseen, reports)));
    const done: StepReport = { step, ...finding, durationMs: Math.round(performance.now() - started) };
    reports.set(step, done);
    report(done);
  }
  return [...reports.values()];
}

async function check(
  step: StepName,
  examination: Examination,
  foreseen: Map<StepName, Finding>,
  reports: ReadonlyMap<StepName, StepReport>,
): Promise<Finding> {
  try {
    return await checks[step](examination);
  } catch (error) {
    const { step: about, finding } = blame(error, step, examination);
    if (reports.get(about)?.status === 'FAILED') return blockedBy(about);
    if (stepNames.indexOf(about) <= stepNames.indexOf(step)) return finding;
    foreseen.set(about, finding);
    return { status: 'OK', found: 'as far as it can be seen' };
  }
}

const blocked = 'not looked at: ';

function blockedBy(step: StepName): Finding {
  return { status: 'SKIPPED', found: `${blocked}${step} comes first` };
}

function isBlocked(report: StepReport | undefined): boolean {
  return report?.status === 'SKIPPED' && report.found.startsWith(blocked);
}
