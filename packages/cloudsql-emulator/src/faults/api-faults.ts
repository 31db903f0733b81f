import type { Socket } from 'node:net';
import { googleErrorResponse, serviceDisabledResponse } from '../control-plane/google-error.ts';
import type { ApiCall, ApiResponse, Route } from '../control-plane/http-types.ts';
import { checkArray, checkDuration, checkKeys, checkRecord, invalid } from '../option-checks.ts';

/** How calls of an API method go wrong. What is not set goes right. */
export interface ApiFault {
  /** Milliseconds that each answer is late. */
  readonly latencyMs?: number;
  /**
   * Status that calls are answered with. A list holds one status for each call to come, in order, where `200` lets a
   * call through; when it is used up, the fault is over.
   */
  readonly status?: number | readonly number[];
  /** Seconds in the header `Retry-After` of each answer that `status` makes. */
  readonly retryAfterSeconds?: number;
  /** `'NEVER'` leaves calls without an answer, `'RESET'` resets their connection. */
  readonly answer?: 'NEVER' | 'RESET';
  /**
   * Share of the calls that are hit, above 0 and up to 1; which ones is random.
   * @default 1
   */
  readonly share?: number;
}

interface ActiveFault extends Omit<ApiFault, 'status'> {
  readonly status?: number;
  /** What is left of a list. */
  readonly sequence?: number[];
}

const REASONS: Readonly<Record<number, string>> = {
  401: 'authError',
  403: 'forbidden',
  404: 'instanceDoesNotExist',
  429: 'rateLimitExceeded',
  503: 'backendError',
};

/** The APIs that a project has to enable, and what Google calls them. */
const TITLES: Readonly<Record<string, string>> = {
  'sqladmin.googleapis.com': 'Cloud SQL Admin API',
  'alloydb.googleapis.com': 'AlloyDB API',
  'iamcredentials.googleapis.com': 'IAM Service Account Credentials API',
};

/** The faults of API methods, by the methods' names in the statistics. */
export class ApiFaults {
  readonly #faults = new Map<string, ActiveFault>();
  #known: readonly string[] = [];
  readonly #disabled = new Set<string>();
  #injected = 0;
  /** How far the clock that answers carry is ahead, in milliseconds. */
  clockAheadMs = 0;

  /** How many calls have suffered. */
  get injected(): number {
    return this.#injected;
  }

  /** Says which methods there are; others are errors from then on. */
  learn(methods: Iterable<string>): void {
    this.#known = [...new Set(methods)];
  }

  /** Replaces the fault of a method, or of all of them (`'*'`); `undefined` ends it. @throws EmulatorError `INVALID_OPTION` */
  set(method: string, fault: ApiFault | undefined): void {
    if (method !== '*' && !this.#known.includes(method)) {
      invalid('faults.api', `must name one of ${this.#known.join(', ')} or *`, method);
    }
    const names = method === '*' ? this.#known : [method];
    for (const name of names) {
      if (fault === undefined) this.#faults.delete(name);
      else this.#faults.set(name, checkFault(fault, `faults.api('${method}')`));
    }
  }

  clear(): void {
    this.clockAheadMs = 0;
    this.#disabled.clear();
    this.#faults.clear();
  }

  /** Disables the API of a host for all projects, or enables it again. @throws EmulatorError `INVALID_OPTION` */
  disable(host: string, isDisabled: boolean): void {
    if (!Object.hasOwn(TITLES, host))
      invalid('faults.disable', `must name one of ${Object.keys(TITLES).join(', ')}`, host);
    if (isDisabled) this.#disabled.add(host);
    else this.#disabled.delete(host);
  }

  /** Lets a call suffer. Returns the answer if the fault makes one; then the method itself must not run. */
  meet({ name: method, hosts }: Route, { headers, socket }: ApiCall): Promise<ApiResponse | undefined> | undefined {
    const disabled = hosts.find((host) => this.#disabled.has(host));
    // Who has shown no token does not learn of it.
    if (disabled !== undefined && headers.authorization !== undefined) {
      return Promise.resolve(serviceDisabledResponse(disabled, TITLES[disabled] ?? ''));
    }
    const fault = this.#faults.get(method);
    if (!fault || Math.random() >= (fault.share ?? 1)) return undefined;
    const status = fault.sequence ? fault.sequence.shift() : fault.status;
    this.#injected += 1;
    if (fault.sequence?.length === 0) this.#faults.delete(method);
    return suffer(fault, status, socket);
  }
}

async function suffer(
  fault: ActiveFault,
  status: number | undefined,
  socket: Socket,
): Promise<ApiResponse | undefined> {
  if (fault.latencyMs !== undefined) await untilClosed(socket, fault.latencyMs);
  if (fault.answer === 'NEVER') await untilClosed(socket);
  if (fault.answer === 'RESET') reset(socket);
  if (socket.destroyed) return { status: 503, body: '' };
  if (status === undefined || status === 200) return undefined;
  const answer = googleErrorResponse(
    status,
    REASONS[status] ?? 'injected',
    'The emulator was told to answer like this.',
  );
  const { retryAfterSeconds } = fault;
  return retryAfterSeconds === undefined
    ? answer
    : { ...answer, headers: { 'retry-after': String(retryAfterSeconds) } };
}

/** Waits until the caller has gone, or for a time. */
function untilClosed(socket: Socket, ms?: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      socket.off('close', done);
      resolve();
    };
    const timer = ms === undefined ? undefined : setTimeout(done, ms);
    socket.once('close', done);
    if (socket.destroyed) done();
  });
}

function reset(socket: Socket): void {
  // Inside a captured TLS connection there is no TCP socket to reset; for the caller it breaks off all the same.
  if ('encrypted' in socket) socket.destroy();
  else socket.resetAndDestroy();
}

function checkFault(value: unknown, where: string): ActiveFault {
  const known = ['latencyMs', 'status', 'retryAfterSeconds', 'answer', 'share'] as const;
  const { latencyMs, status, retryAfterSeconds, answer, share } = checkKeys(checkRecord(value, where), where, known);
  if (answer !== undefined && answer !== 'NEVER' && answer !== 'RESET') {
    invalid(`${where}.answer`, "must be 'NEVER' or 'RESET'", answer);
  }
  if (share !== undefined && !(typeof share === 'number' && share > 0 && share <= 1)) {
    invalid(`${where}.share`, 'must be a number above 0 and up to 1', share);
  }
  const isWait = Number.isInteger(retryAfterSeconds) && (retryAfterSeconds as number) >= 0;
  if (retryAfterSeconds !== undefined && !isWait) {
    invalid(`${where}.retryAfterSeconds`, 'must be a whole number of seconds from 0 up', retryAfterSeconds);
  }
  return {
    ...(latencyMs === undefined ? {} : { latencyMs: checkDuration(latencyMs, `${where}.latencyMs`) }),
    ...checkStatus(status, `${where}.status`),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds: retryAfterSeconds as number }),
    ...(answer === undefined ? {} : { answer }),
    ...(share === undefined ? {} : { share }),
  };
}

function checkStatus(value: unknown, where: string): Pick<ActiveFault, 'status' | 'sequence'> {
  if (value === undefined) return {};
  const check = (status: unknown): number =>
    Number.isInteger(status) && (status === 200 || ((status as number) >= 400 && (status as number) <= 599))
      ? (status as number)
      : invalid(where, 'must be 200 or an HTTP error, 400 to 599', status);
  if (!Array.isArray(value)) return { status: check(value) };
  const sequence = checkArray(value, where).map(check);
  return sequence.length > 0 ? { sequence } : invalid(where, 'must hold at least one status', value);
}
