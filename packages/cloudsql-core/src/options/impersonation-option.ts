import type { ImpersonationOptions } from '../credentials/credentials.ts';
import { ConfigError } from '../errors.ts';
import { describe, refuseUnknown } from './check.ts';

/**
 * Reads the option `impersonate` in both of its forms.
 * @throws ConfigError `CLOUDSQL_INVALID_OPTION`, `CLOUDSQL_UNKNOWN_OPTION`
 */
export function resolveImpersonation(
  value: string | ImpersonationOptions | undefined,
): ImpersonationOptions | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string') {
    const chain = value.split(',').map((name) => name.trim());
    return checked(chain.at(-1), chain.slice(0, -1));
  }
  if (typeof value !== 'object' || value === null) throw invalid('impersonate', value);
  refuseUnknown('`impersonate`', value, ['target', 'delegates']);
  return checked(value.target, value.delegates ?? []);
}

function checked(target: unknown, delegates: unknown): ImpersonationOptions {
  if (!Array.isArray(delegates)) throw invalid('impersonate.delegates', delegates);
  return Object.freeze({
    target: email('impersonate.target', target),
    delegates: Object.freeze(delegates.map((name, index) => email(`impersonate.delegates[${index}]`, name))),
  });
}

function email(option: string, value: unknown): string {
  // Nothing that could end the path of a URL.
  if (typeof value === 'string' && /^[^@\s/?#%:,]+@[^@\s/?#%:,]+\.[^@\s/?#%:,]+$/.test(value))
    return value.toLowerCase();
  throw invalid(option, value);
}

function invalid(option: string, value: unknown): ConfigError {
  const given = typeof value === 'string' && value !== '' ? `"${value}"` : describe(value);
  return new ConfigError('CLOUDSQL_INVALID_OPTION', `Expected \`${option}\` to name a service account, got ${given}`, {
    remedy: 'Use its e-mail address, NAME@PROJECT.iam.gserviceaccount.com.',
  });
}
