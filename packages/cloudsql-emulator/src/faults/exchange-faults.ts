import { invalid } from '../option-checks.ts';
import { encodeExchangeResponse, MAX_EXCHANGE_BYTES } from '../wire/exchange-messages.ts';

const KINDS = ['ERROR', 'SILENT', 'CUT_OFF', 'OVERSIZED'] as const;

/**
 * How an instance answers a metadata exchange wrongly. `ERROR`: with an error. `SILENT`: not at all. `CUT_OFF`: the
 * connection ends within the answer. `OVERSIZED`: with a length of more than 16 KiB. The exchange of Cloud SQL is optional:
 * there the connection goes on after `ERROR` and `SILENT`.
 */
export type ExchangeFault = (typeof KINDS)[number];

/** Checks the name of a fault. @throws EmulatorError `INVALID_OPTION` */
export function checkExchangeFault(value: unknown): ExchangeFault | undefined {
  return value === undefined
    ? undefined
    : (KINDS.find((kind) => kind === value) ?? invalid('faults.exchange', `must be one of ${KINDS.join(', ')}`, value));
}

/** What is sent for an answer, behind the signature that begins those of Cloud SQL. */
export function wrongAnswer(fault: ExchangeFault, signature: Buffer = Buffer.alloc(0)): Buffer {
  if (fault === 'SILENT') return Buffer.alloc(0);
  const error = fault === 'ERROR' ? 'The emulator was told to answer like this.' : undefined;
  const answer = Buffer.concat([signature, encodeExchangeResponse(error)]);
  if (fault === 'OVERSIZED') answer.writeUInt32BE(MAX_EXCHANGE_BYTES + 1, signature.length);
  return fault === 'CUT_OFF' ? answer.subarray(0, -1) : answer;
}
