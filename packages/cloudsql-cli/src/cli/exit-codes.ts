/** How the process ends, unless a command says otherwise: `exec` and `connect` end as what they started. */
export const exitCodes = {
  /** Done. */
  ok: 0,
  /** It failed; the message says whether trying again can help. */
  failed: 1,
  /** The command line, the environment or a file is wrong: trying again is pointless. */
  usage: 2,
  /** Ended by SIGINT. */
  interrupted: 130,
  /** Ended by SIGTERM. */
  terminated: 143,
} as const;
