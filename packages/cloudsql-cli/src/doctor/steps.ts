/** The name of a step. */
export type StepName =
  | 'clock'
  | 'environment'
  | 'api-egress'
  | 'credentials'
  | 'api'
  | 'roles'
  | 'instance'
  | 'addresses'
  | 'dns'
  | 'egress'
  | 'tls'
  | 'identity'
  | 'exchange'
  | 'user'
  | 'login';

/** What is known of a step before it is made. */
export interface Step {
  /** How the doctor ends when this is the first step to fail. */
  readonly exitCode: number;
  /** Steps without which there is nothing to look at. */
  readonly needs: readonly StepName[];
}

/** Every step of the doctor, in order. */
export const steps: Readonly<Record<StepName, Step>> = {
  clock: { exitCode: 10, needs: [] },
  environment: { exitCode: 11, needs: [] },
  'api-egress': { exitCode: 12, needs: [] },
  credentials: { exitCode: 13, needs: ['environment', 'api-egress'] },
  api: { exitCode: 14, needs: ['credentials'] },
  roles: { exitCode: 15, needs: ['api'] },
  instance: { exitCode: 16, needs: ['roles'] },
  addresses: { exitCode: 17, needs: ['roles'] },
  dns: { exitCode: 18, needs: ['addresses'] },
  egress: { exitCode: 19, needs: ['dns'] },
  tls: { exitCode: 20, needs: ['egress'] },
  identity: { exitCode: 21, needs: ['tls'] },
  exchange: { exitCode: 22, needs: ['identity'] },
  user: { exitCode: 23, needs: ['roles'] },
  login: { exitCode: 24, needs: ['instance', 'exchange', 'user'] },
};

/** All names, in order. */
export const stepNames: readonly StepName[] = Object.keys(steps) as StepName[];

/** How a step ended. A warning is nothing that keeps a login from succeeding. */
export type Status = 'OK' | 'WARNING' | 'FAILED' | 'SKIPPED';

/** What a step has found. */
export interface Finding {
  readonly status: Status;
  /** What is so, or what is wrong, in one line. */
  readonly found: string;
  /** How that is known: what was asked, and what it said. */
  readonly evidence?: string;
  /** What mends it: commands for a shell, or SQL. */
  readonly remedy?: readonly string[];
  /** What a command cannot say. */
  readonly advice?: string;
}

/** A finding, with the step that it belongs to. */
export interface StepReport extends Finding {
  readonly step: StepName;
  readonly durationMs: number;
}
