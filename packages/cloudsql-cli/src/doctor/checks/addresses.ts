import type { Examination } from '../examination.ts';
import { wantedTypes } from '../explain.ts';
import type { Finding } from '../steps.ts';
import { withPassword } from './api.ts';

/** Looks whether the instance has an address of the type that is asked for. */
export async function checkAddresses(examination: Examination): Promise<Finding> {
  const { connector, target, facts, timeoutMs } = examination;
  await connector.warmup({ ...withPassword(target.connection), timeoutMs });
  const [type = '', address] = addressOf(examination) ?? [];
  const others = Object.entries(facts?.addresses ?? {}).filter(([each]) => each !== type);
  const rest = others.map(([name, value]) => `${name} ${value}`).join(', ');
  return { status: 'OK', found: `${type} ${address} is dialled${rest && `; it also has ${rest}`}` };
}

/** The type and the address that are dialled. */
export function addressOf({ facts, ...examination }: Examination): readonly [string, string] | undefined {
  const addresses: Readonly<Record<string, string>> = facts?.addresses ?? {};
  const type = wantedTypes(examination).find((each) => addresses[each.toUpperCase()] !== undefined);
  return type === undefined ? undefined : [type.toUpperCase(), addresses[type.toUpperCase()]!];
}
