/** A failure: how it is made, how the doctor is called, and what it says. */
export interface Case {
  readonly name: string;
  readonly make?: () => void | Promise<void>;
  readonly args: readonly string[] | (() => readonly string[] | Promise<readonly string[]>);
  readonly env?: () => Readonly<Record<string, string>>;
  readonly code: number;
  readonly step: string;
  readonly found: string | RegExp;
  readonly mends?: readonly string[];
  readonly evidence?: string;
}

/** The command that grants a role. */
export const grant = (principal: string, role: string): string =>
  `gcloud projects add-iam-policy-binding demo-shop --member=serviceAccount:${principal} --role=roles/${role}`;
/** The command that changes the instance. */
export const patch = (flags: string): string => `gcloud sql instances patch orders --project=demo-shop ${flags}`;
/** The command that sets the clock. */
export const timedatectl: string =
  { darwin: 'sudo sntp -sS time.google.com', win32: 'w32tm /resync' }[process.platform as string] ??
  'sudo timedatectl set-ntp true';
/** The flags that name the cluster. */
export const cluster = '--cluster=main --region=europe-west1 --project=demo-shop';
