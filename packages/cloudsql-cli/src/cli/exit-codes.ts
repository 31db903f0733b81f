/** How the process ends, unless a command says otherwise: `exec` and `connect` end as what they started. */
export const exitCodes = {
  /** Done. */
  ok: 0,
  /** It failed; the message says whether trying again can help. */
  failed: 1,
  /** The command line, the environment or a file is wrong: trying again is pointless. */
  usage: 2,
  /** Ended by SIGHUP. */
  hungUp: 129,
  /** Ended by SIGINT. */
  interrupted: 130,
  /** Ended by SIGTERM. */
  terminated: 143,
} as const;

/** A signal that asks a command to end; SIGHUP comes when its terminal is closed. */
export type EndingSignal = 'SIGHUP' | 'SIGINT' | 'SIGTERM';

/** How a command ends that a signal asks to: with 128 and the number of the signal. */
export const endingSignals: Readonly<Record<EndingSignal, number>> = {
  SIGHUP: exitCodes.hungUp,
  SIGINT: exitCodes.interrupted,
  SIGTERM: exitCodes.terminated,
};
