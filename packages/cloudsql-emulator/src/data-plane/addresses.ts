import { randomInt } from 'node:crypto';
import { EmulatorError, messageOf, systemCode } from '../errors.ts';
import type { WantedAddress } from '../resolve-options.ts';

const ATTEMPTS = 50;
const ONLY_LOOPBACK = '127.0.0.1';

/** Binds to an address; fails with the system's error if that is not possible. */
export type Bind = (address: string) => Promise<void>;

/**
 * Binds to the wanted address, or to a free random one of 127.0.0.0/8. Where that network has only 127.0.0.1, as on
 * macOS, it is that.
 * @throws EmulatorError `ADDRESS_UNAVAILABLE`
 */
export async function bindLoopback(wanted: string | undefined, port: number, bind: Bind): Promise<string> {
  if (wanted !== undefined) return await bindOrExplain(wanted, port, bind);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const address = `127.${randomInt(2, 255)}.${randomInt(0, 256)}.${randomInt(1, 255)}`;
    try {
      await bind(address);
      return address;
    } catch (error) {
      if (systemCode(error) === 'EADDRNOTAVAIL') return await bindOrExplain(ONLY_LOOPBACK, port, bind);
      if (systemCode(error) !== 'EADDRINUSE') throw unavailable(address, port, error);
    }
  }
  throw new EmulatorError(
    'ADDRESS_UNAVAILABLE',
    `No loopback address with a free port ${port} was found in ${ATTEMPTS} attempts. A program that listens on port ${port} of all addresses would explain it; stop it.`,
  );
}

/** Tells whether two wanted addresses are to be one. */
export function isSameAddress(wanted: WantedAddress, bound: string | undefined): boolean {
  return bound !== undefined && (wanted === bound || (wanted === undefined && bound === ONLY_LOOPBACK));
}

async function bindOrExplain(address: string, port: number, bind: Bind): Promise<string> {
  try {
    await bind(address);
    return address;
  } catch (error) {
    throw unavailable(address, port, error);
  }
}

function unavailable(address: string, port: number, cause: unknown): EmulatorError {
  const remedy =
    systemCode(cause) === 'EADDRINUSE'
      ? 'another program (or instance) listens there; choose another loopback address'
      : messageOf(cause);
  return new EmulatorError('ADDRESS_UNAVAILABLE', `Cannot listen on ${address}:${port}: ${remedy}.`, { cause });
}
