import { invalid } from '../option-checks.ts';

const KINDS = [
  'REFUSED',
  'RESET_AFTER_ACCEPT',
  'SILENT_BEFORE_HANDSHAKE',
  'RESET_AFTER_HANDSHAKE',
  'SILENT_AFTER_HANDSHAKE',
  'HALF_OPEN',
] as const;

/**
 * How connections to an instance go wrong. `REFUSED`: nobody listens. `RESET_AFTER_ACCEPT`, `RESET_AFTER_HANDSHAKE`: a
 * TCP reset before or after TLS. `SILENT_BEFORE_HANDSHAKE`, `SILENT_AFTER_HANDSHAKE`: the server takes everything and
 * says nothing. `HALF_OPEN`: connections that are open, and those to come, lose whatever is sent on them.
 */
export type ConnectionFault = (typeof KINDS)[number];

/** Checks the name of a fault. @throws EmulatorError `INVALID_OPTION` */
export function checkConnectionFault(value: unknown): ConnectionFault | undefined {
  return value === undefined
    ? undefined
    : (KINDS.find((kind) => kind === value) ??
        invalid('faults.connections', `must be one of ${KINDS.join(', ')}`, value));
}
