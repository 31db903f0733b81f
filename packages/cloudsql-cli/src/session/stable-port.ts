import { createHash } from 'node:crypto';
import { InvalidArgumentError } from 'commander';

/** Below the ports that systems give to clients, above those of services. */
const [firstPort, ports] = [20_000, 12_000];

/** The port of an instance's tunnel: always the same, so that a client's settings stay right. */
export function stablePort(instance: string): number {
  return firstPort + (createHash('sha256').update(instance).digest().readUInt32BE() % ports);
}

/** Reads a port. @throws InvalidArgumentError */
export function readPort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError('It is a number from 0 to 65535.');
}
