import { type Examination, withinTime } from '../examination.ts';
import { patchInstance } from '../gcloud.ts';
import type { Finding } from '../steps.ts';

/** An instance as the API of Cloud SQL describes it, as far as it is looked at. */
interface CloudSqlInstance {
  readonly state?: string;
  readonly settings?: {
    readonly activationPolicy?: string;
    readonly databaseFlags?: readonly { readonly name?: string; readonly value?: string }[];
    readonly ipConfiguration?: { readonly sslMode?: string };
  };
}

/** The same of AlloyDB. */
interface AlloyDbInstance {
  readonly state?: string;
  readonly databaseFlags?: Readonly<Record<string, string>>;
  readonly clientConnectionConfig?: { readonly sslConfig?: { readonly sslMode?: string } };
}

/** What is looked at, whatever the service. */
interface Described {
  readonly state: string | undefined;
  readonly isStopped: boolean;
  readonly flags: ReadonlyMap<string, string>;
  readonly sslMode: string | undefined;
}

const runs = ['RUNNABLE', 'READY'];

/** Looks whether the instance runs, takes IAM logins, and insists on TLS. */
export async function checkInstance(examination: Examination): Promise<Finding> {
  const { adminApi } = await import('@x/cloudsql-core/diagnostics');
  const { connector, instance, iam, facts } = examination;
  let answer: Record<string, unknown>;
  try {
    answer = await adminApi(connector, { instance: instance.id, signal: withinTime(examination) });
  } catch (error) {
    const { code, message } = error as Error & { readonly code?: string };
    if (code !== 'CLOUDSQL_PERMISSION_DENIED') throw error;
    return { status: 'SKIPPED', found: 'the principal may not look at the instance', evidence: message };
  }
  const described = instance.service === 'alloydb' ? ofAlloyDb(answer) : ofCloudSql(answer);
  const { state, isStopped, flags, sslMode } = described;
  if (isStopped || (state !== undefined && !runs.includes(state))) {
    return {
      status: 'FAILED',
      found: isStopped ? 'the instance is stopped' : `the instance is in the state ${state}`,
      evidence: `${examination.apiHost} says: state ${state}${isStopped ? ', activation policy NEVER' : ''}`,
      ...(isStopped
        ? { remedy: [patchInstance(examination, '--activation-policy=ALWAYS')] }
        : { advice: 'Wait until it runs, or look at its operations and its log.' }),
    };
  }
  const flag = flagOf(examination, facts?.databaseVersion);
  if (iam && flag !== undefined && !['on', 'true', '1'].includes(flags.get(flag)?.toLowerCase() ?? '')) {
    return {
      status: 'FAILED',
      found: 'the instance takes no IAM logins',
      evidence: `its flag ${flag} is ${flags.get(flag) ?? 'not set'}`,
      remedy: [patchInstance(examination, `--database-flags=${flagList(flags, flag)}`)],
    };
  }
  if (sslMode === 'ALLOW_UNENCRYPTED_AND_ENCRYPTED') {
    return {
      status: 'WARNING',
      found: `${state ?? 'runs'}; others may connect to it in clear text`,
      evidence: `its ssl_mode is ${sslMode}`,
      remedy: [patchInstance(examination, '--ssl-mode=ENCRYPTED_ONLY')],
    };
  }
  const parts = [
    state ?? 'runs',
    facts?.databaseVersion,
    iam && flag && `${flag} is on`,
    sslMode && `ssl_mode ${sslMode}`,
  ];
  return { status: 'OK', found: parts.filter(Boolean).join(', ') };
}

function ofCloudSql(answer: Record<string, unknown>): Described {
  const { state, settings = {} } = answer as CloudSqlInstance;
  const { activationPolicy, databaseFlags = [], ipConfiguration } = settings;
  return {
    state,
    isStopped: activationPolicy === 'NEVER',
    flags: new Map(databaseFlags.map(({ name = '', value = '' }) => [name, value])),
    sslMode: ipConfiguration?.sslMode,
  };
}

function ofAlloyDb(answer: Record<string, unknown>): Described {
  const { state, databaseFlags = {}, clientConnectionConfig } = answer as AlloyDbInstance;
  return {
    state,
    isStopped: false,
    flags: new Map(Object.entries(databaseFlags)),
    sslMode: clientConnectionConfig?.sslConfig?.sslMode,
  };
}

/** The database flag that lets IAM users in; undefined where there is none. */
function flagOf({ instance }: Examination, version = ''): string | undefined {
  if (instance.service === 'alloydb') return 'alloydb.iam_authentication';
  if (version.startsWith('SQLSERVER')) return undefined;
  return version.startsWith('MYSQL') ? 'cloudsql_iam_authentication' : 'cloudsql.iam_authentication';
}

/** All flags, because the command forgets those that it is not told. */
function flagList(flags: ReadonlyMap<string, string>, on: string): string {
  return [...new Map([...flags, [on, 'on']])].map(([name, value]) => `${name}=${value}`).join(',');
}
