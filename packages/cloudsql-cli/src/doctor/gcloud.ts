import { shellQuote } from '../cli/shell-quote.ts';
import type { Examination } from './examination.ts';

type About = Pick<Examination, 'instance' | 'credentials'>;

/** Grants a role on the project to the principal of the credentials. */
export function grantRole({ instance, credentials }: About, role: string): string {
  const member = shellQuote(`--member=${memberOf(credentials?.principal)}`);
  return `gcloud projects add-iam-policy-binding ${shellQuote(instance.project)} ${member} --role=roles/${role}`;
}

/** A principal as IAM policies name it. */
export function memberOf(principal: string | undefined): string {
  if (principal === undefined) return 'user:EMAIL';
  return `${principal.endsWith('.gserviceaccount.com') ? 'serviceAccount' : 'user'}:${principal}`;
}

/** Changes an instance. */
export function patchInstance({ instance }: About, flags: string): string {
  return instance.service === 'alloydb'
    ? `gcloud alloydb instances update ${instance.name} ${clusterFlags({ instance })} ${flags}`
    : `gcloud sql instances patch ${instance.name} ${projectFlag({ instance })} ${flags}`;
}

/** Makes an IAM user of the database. */
export function createUser({ instance, credentials }: About): string {
  const { principal = 'EMAIL' } = credentials ?? {};
  const isService = principal.endsWith('.gserviceaccount.com');
  if (instance.service === 'alloydb') {
    const user = principal.replace(/\.gserviceaccount\.com$/, '');
    const cluster = `--cluster=${instance.cluster} --region=${instance.region} ${projectFlag({ instance })}`;
    return `gcloud alloydb users create ${shellQuote(user)} ${cluster} --type=IAM_BASED`;
  }
  const type = isService ? 'cloud_iam_service_account' : 'cloud_iam_user';
  // The command shortens the name as the engine demands.
  return `gcloud sql users create ${shellQuote(principal)} --instance=${instance.name} ${projectFlag({ instance })} --type=${type}`;
}

/** Flags that say where an AlloyDB instance is. */
export function clusterFlags({ instance }: Pick<About, 'instance'>): string {
  return `--cluster=${instance.cluster} --region=${instance.region} ${projectFlag({ instance })}`;
}

/** The flag that names the project. */
export function projectFlag({ instance }: Pick<About, 'instance'>): string {
  return shellQuote(`--project=${instance.project}`);
}
