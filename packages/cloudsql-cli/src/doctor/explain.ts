import type { CloudSqlErrorCode } from '@x/cloudsql-core';
import { inFlagWords } from '../cli/flag-words.ts';
import { shellQuote } from '../cli/shell-quote.ts';
import type { Examination } from './examination.ts';
import { clusterFlags, grantRole, patchInstance, projectFlag } from './gcloud.ts';
import type { Finding, StepName } from './steps.ts';

/** What an error means, how it is known, and what mends it. */
export function explain(error: unknown, step: StepName, examination: Examination): Finding {
  const { name, message, code, remedy } = error as Error & { code?: CloudSqlErrorCode; remedy?: string };
  if (name === 'TimeoutError') {
    const found = `nothing came of it within ${examination.timeoutMs / 1000} s`;
    return { status: 'FAILED', found, advice: 'Try again with a longer --timeout, or look what holds the answer up.' };
  }
  // The message ends with the remedy, which is shown apart.
  const said = inFlagWords(remedy === undefined ? message : message.slice(0, -remedy.length - 1));
  const evidence = code === undefined ? said : `${code}: ${said}`;
  const known: Explain = (code && explanations[code]) ?? (() => ({ found: said }));
  const {
    found,
    commands = [],
    advice = commands.length > 0 ? undefined : remedy,
  } = known(examination, { said, step });
  return {
    status: 'FAILED',
    found,
    evidence,
    ...(commands.length > 0 ? { remedy: commands } : {}),
    ...(advice === undefined ? {} : { advice: inFlagWords(advice) }),
  };
}

interface Explanation {
  readonly found: string;
  readonly commands?: readonly string[];
  /** @default the remedy of the error, where there is no command */
  readonly advice?: string;
}

type Explain = (examination: Examination, error: { readonly said: string; readonly step: StepName }) => Explanation;

const pathFlags: Readonly<Record<string, string>> = { PUBLIC: '--public-ip', PRIVATE: '--private-ip', PSC: '--psc' };

const logIn = 'gcloud auth application-default login';

const explanations: Readonly<Partial<Record<CloudSqlErrorCode, Explain>>> = {
  CLOUDSQL_CLOCK_SKEW: () => ({ found: 'the clock of this machine is wrong', commands: clockCommands() }),
  CLOUDSQL_API_UNREACHABLE: ({ apiHost }) => ({ found: `${apiHost} port 443 cannot be reached from here` }),
  CLOUDSQL_NO_CREDENTIALS: () => ({
    found: 'there are no Google credentials, or they cannot be read',
    commands: [logIn],
  }),
  CLOUDSQL_INVALID_CREDENTIALS: () => ({ found: 'the credentials are damaged or incomplete', commands: [logIn] }),
  CLOUDSQL_TOKEN_FAILED: (_, { said }) =>
    said.includes('cannot be reached')
      ? { found: 'whoever gives the tokens cannot be reached' }
      : { found: 'the credentials give no token: they have expired, or were withdrawn', commands: [logIn] },
  CLOUDSQL_TOKEN_REFUSED: () => ({ found: 'the API does not accept the token of the credentials', commands: [logIn] }),
  CLOUDSQL_IMPERSONATION_DENIED: (examination) => ({
    found: `the credentials may not act as ${examination.impersonated ?? 'the service account'}`,
    commands: [tokenCreator(examination)],
  }),
  CLOUDSQL_API_DISABLED: ({ instance }, { step }) => {
    const api = step === 'credentials' ? 'iamcredentials' : instance.service === 'alloydb' ? 'alloydb' : 'sqladmin';
    return {
      found: `the API ${api}.googleapis.com is not enabled in the project ${instance.project}`,
      commands: [`gcloud services enable ${api}.googleapis.com ${projectFlag({ instance })}`],
    };
  },
  CLOUDSQL_PERMISSION_DENIED: (examination, { said, step }) => {
    const { credentials, instance } = examination;
    const who = credentials?.principal ?? 'the principal';
    if (step === 'credentials') {
      return {
        found: 'the token may not call the API: it lacks the scope',
        commands: ['gcloud compute instances set-service-account VM --scopes=cloud-platform'],
      };
    }
    if (/serviceusage|use project/.test(said)) {
      return {
        found: `${who} may not have the project's quota used`,
        commands: [grantRole(examination, 'serviceusage.serviceUsageConsumer')],
      };
    }
    const role = instance.service === 'alloydb' ? 'alloydb.client' : 'cloudsql.client';
    return { found: `${who} may not connect to the instance`, commands: [grantRole(examination, role)] };
  },
  CLOUDSQL_INSTANCE_NOT_FOUND: ({ instance }) => ({
    found: `the project ${instance.project} has no instance ${instance.name}`,
    commands: [
      instance.service === 'alloydb'
        ? `gcloud alloydb instances list ${clusterFlags({ instance })}`
        : `gcloud sql instances list ${projectFlag({ instance })}`,
    ],
  }),
  CLOUDSQL_REGION_MISMATCH: ({ instance }) => ({
    found: `the instance is not in the region ${instance.region}`,
    commands: [
      `gcloud sql instances describe ${instance.name} ${projectFlag({ instance })} --format='value(connectionName)'`,
    ],
  }),
  CLOUDSQL_NO_ADDRESS: (examination) => {
    const has = Object.keys(examination.facts?.addresses ?? {});
    const flags = has.map((type) => pathFlags[type]).filter((flag) => flag !== undefined);
    return {
      found: `the instance has no address of the type ${wantedTypes(examination).join(' or ')}; it has ${has.join(', ') || 'none'}`,
      commands: wantedTypes(examination)
        .slice(0, 1)
        .map((type) => enableAddress(examination, type)),
      ...(flags.length > 0 ? { advice: `Or dial an address that it has: ${flags.join(' or ')}.` } : {}),
    };
  },
  CLOUDSQL_DIAL_FAILED: ({ instance }, { step }) =>
    step === 'dns'
      ? {
          found: 'the name of the instance has no address here',
          advice: 'Add the private DNS zone of the instance to this network.',
        }
      : { found: `port ${portOf(instance.service)} of the instance cannot be reached from here` },
  CLOUDSQL_TLS_FAILED: ({ instance }) => ({
    found: `what answers at port ${portOf(instance.service)} does not speak TLS 1.3 as the instance does`,
  }),
  CLOUDSQL_SERVER_CLOSED: () => ({ found: 'the instance hung up after the TLS handshake: it refuses the certificate' }),
  CLOUDSQL_SERVER_IDENTITY: () => ({ found: 'what answers is not the instance' }),
  CLOUDSQL_EXCHANGE_REFUSED: (examination) => ({
    found: `the instance does not let ${examination.credentials?.principal ?? 'the principal'} in`,
    commands: [grantRole(examination, 'alloydb.client'), grantRole(examination, 'serviceusage.serviceUsageConsumer')],
  }),
  CLOUDSQL_UNKNOWN_DATABASE_USER: () => ({
    found: 'the credentials have no e-mail address, so the database user is unknown',
    advice: 'Name the IAM database user with --user.',
  }),
};

/** The types of address that are asked for. */
export function wantedTypes({ target, instance }: Pick<Examination, 'target' | 'instance'>): readonly string[] {
  const { ipType } = target.connection;
  if (ipType === undefined) return [instance.service === 'alloydb' ? 'PRIVATE' : 'PUBLIC'];
  return typeof ipType === 'string' ? [ipType] : ipType;
}

/** The port on which all instances of a service speak TLS. */
export function portOf(service: Examination['instance']['service']): number {
  return service === 'alloydb' ? 5433 : 3307;
}

/** Sets the clock, on the system that this runs on. */
export function clockCommands(): readonly string[] {
  if (process.platform === 'darwin') return ['sudo sntp -sS time.google.com'];
  return [process.platform === 'win32' ? 'w32tm /resync' : 'sudo timedatectl set-ntp true'];
}

/** What has an instance get an address of a type. */
function enableAddress(examination: Examination, type: string): string {
  const { instance } = examination;
  const alloyDb = instance.service === 'alloydb';
  const flags: Readonly<Record<string, string>> = {
    PUBLIC: alloyDb ? '--assign-inbound-public-ip=ASSIGN_IPV4' : '--assign-ip',
    PRIVATE: `--network=projects/${instance.project}/global/networks/default`,
    PSC: alloyDb
      ? `--allowed-psc-projects=${instance.project}`
      : `--enable-private-service-connect --allowed-psc-projects=${instance.project}`,
  };
  return patchInstance(examination, flags[type] ?? '');
}

function tokenCreator({ impersonated }: Pick<Examination, 'impersonated'>): string {
  const account = shellQuote(impersonated ?? 'SERVICE_ACCOUNT');
  const role = '--role=roles/iam.serviceAccountTokenCreator';
  return `gcloud iam service-accounts add-iam-policy-binding ${account} --member=user:EMAIL ${role}`;
}
