import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, vi } from 'vitest';
import { errorReference } from '../../../docs/errors.ts';
import { CloudSqlError, ConfigError, cloudSqlError, DialError, RefreshError, toDriverError } from '../src/errors.ts';

it('says what failed, on which instance, and what to do', () => {
  const error = new DialError('CLOUDSQL_DIAL_FAILED', 'No connection to 10.0.0.1:3307', {
    instance: 'p:r:i',
    remedy: 'Open the port.',
  });
  expect(error.message).toBe('No connection to 10.0.0.1:3307 (instance "p:r:i"). Open the port.');
  expect(error).toMatchObject({ name: 'DialError', code: 'CLOUDSQL_DIAL_FAILED', instance: 'p:r:i', retryable: true });
});

it("gives a driver Node's own errors as they are, also where Jest has another Error", () => {
  const foreign = runInNewContext("Object.assign(new Error('reset'), { code: 'ECONNRESET' })") as Error;
  expect(foreign).not.toBeInstanceOf(Error);
  expect(toDriverError(foreign)).toBe(foreign);
});

describe('instanceof', () => {
  it('tells the kinds apart', () => {
    const error = cloudSqlError('CLOUDSQL_PERMISSION_DENIED', 'No');
    expect(error).toBeInstanceOf(CloudSqlError);
    expect(error).toBeInstanceOf(RefreshError);
    expect(error).not.toBeInstanceOf(ConfigError);
    expect(new Error('x')).not.toBeInstanceOf(CloudSqlError);
  });

  it('holds across two copies of the library', async () => {
    vi.resetModules();
    const copy = (await import('../src/errors.ts')) as typeof import('../src/errors.ts');
    expect(copy.ConfigError).not.toBe(ConfigError);
    expect(new copy.ConfigError('CLOUDSQL_INVALID_URL', 'x')).toBeInstanceOf(ConfigError);
    expect(new copy.ConfigError('CLOUDSQL_INVALID_URL', 'x')).not.toBeInstanceOf(DialError);
  });
});

describe('an error for a driver', () => {
  it("carries Node's code where the network failed, and ours as reason", () => {
    const cause = Object.assign(new Error('refused'), {
      code: 'ECONNREFUSED',
      errno: -111,
      syscall: 'connect',
      address: '10.0.0.1',
      port: 3307,
    });
    const error = cloudSqlError('CLOUDSQL_DIAL_FAILED', 'No connection', { instance: 'p:r:i', cause });
    const copy = toDriverError(error);
    expect(copy).toMatchObject({
      code: 'ECONNREFUSED',
      errno: -111,
      syscall: 'connect',
      address: '10.0.0.1',
      port: 3307,
    });
    expect(copy).toMatchObject({ reason: 'CLOUDSQL_DIAL_FAILED', message: error.message, instance: 'p:r:i', cause });
    expect(copy).toBeInstanceOf(DialError);
    expect(error.code).toBe('CLOUDSQL_DIAL_FAILED');
  });

  it('keeps our code where something else failed', () => {
    expect(toDriverError(cloudSqlError('CLOUDSQL_PERMISSION_DENIED', 'No'))).toMatchObject({
      code: 'CLOUDSQL_PERMISSION_DENIED',
      reason: 'CLOUDSQL_PERMISSION_DENIED',
    });
  });
});

it('shows nothing but itself when it is inspected', () => {
  expect(inspect(new ConfigError('CLOUDSQL_INVALID_OPTION', 'Wrong'))).not.toMatch(/Symbol/);
});

it('is described in docs/errors.md, which is generated from the same table', () => {
  expect(readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8')).toBe(errorReference());
});
