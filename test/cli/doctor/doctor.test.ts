import dns from 'node:dns';
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type StepReport, steps } from '../../../packages/cloudsql-cli/src/doctor/steps.ts';
import { cli } from '../../../packages/cloudsql-cli/test/cli.ts';
import { primary } from '../../alloydb-cloud.ts';
import { app, appUser, instance, setEnv } from '../../cloud.ts';
import { SocksServer } from '../../socks-server.ts';
import { cloudsql } from '../cloudsql.ts';
import { accessCases } from './access.rows.ts';
import { databaseCases } from './database.rows.ts';
import { as, cloud, newcomer, nobody, real, startDoctorCloud } from './doctor-cloud.ts';
import { instanceCases } from './instance.rows.ts';
import { machineCases } from './machine.rows.ts';
import { pathCases } from './path.rows.ts';
import { warningCases } from './warning.rows.ts';

beforeAll(startDoctorCloud);

afterEach(async () => {
  await cloud.faults.clear();
  vi.unstubAllEnvs();
});

afterAll(() => cloud.close());

interface Diagnosis {
  readonly code: number;
  readonly failed: string | undefined;
  readonly steps: Readonly<Record<string, StepReport>>;
}

/** What the doctor says, with such variables in the environment. */
async function doctor(args: readonly string[], env: Readonly<Record<string, string>> = cloud.env): Promise<Diagnosis> {
  setEnv(env);
  const { code, stdout, stderr } = await cli(['doctor', ...args, '--json'], env);
  expect(stderr).toBe('');
  const { failed, exitCode, steps } = JSON.parse(stdout) as { failed?: string; exitCode: number; steps: StepReport[] };
  expect(exitCode).toBe(code);
  return { code, failed, steps: Object.fromEntries(steps.map((step) => [step.step, step])) };
}

describe('cloudsql doctor', () => {
  it.each([
    ['Cloud SQL', instance, { exchange: 'SKIPPED' }],
    ['AlloyDB', primary, { exchange: 'OK' }],
  ])('says that all is well with %s', async (_, name, differing) => {
    const { code, failed, steps } = await doctor([name, '--database', 'orders']);
    expect({ code, failed }).toEqual({ code: 0, failed: undefined });
    const statuses = Object.fromEntries(Object.values(steps).map(({ step, status }) => [step, status]));
    expect(statuses).toMatchObject({
      clock: 'OK',
      credentials: 'OK',
      roles: 'OK',
      tls: 'OK',
      login: 'OK',
      ...differing,
    });
    expect(Object.values(statuses)).not.toContain('FAILED');
    expect(Object.values(statuses)).not.toContain('WARNING');
    expect(steps.login?.found).toBe(`${appUser} is logged in to orders`);
    expect(steps.tls?.found).toMatch(/^TLSv1\.3 TLS_/);
  });

  it('goes the same way where nothing tells it of the emulator', async () => {
    const env = cloud.googleEnv(app, { intercept: true });
    const { code, stdout, stderr } = await cloudsql(['doctor', real, '--database', 'orders'], env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('✓ environment  HTTPS_PROXY is used: 127.0.0.1:');
    expect(stdout).toContain(
      '✓ credentials  app@demo-shop.iam.gserviceaccount.com (service account), scope sqlservice.admin',
    );
    expect(stdout).toMatch(/\nAll is well\.\n$/);
    // Colours and progress are for terminals.
    expect(stdout).not.toContain('\u001b');
  });

  it('says in words what is wrong, how it knows, and what mends it', async () => {
    setEnv(as(nobody));
    const { code, stdout } = await cli(['doctor', instance], as(nobody));
    expect(code).toBe(15);
    expect(stdout).toContain(`✗ roles        nobody@demo-shop.iam.gserviceaccount.com may not connect to the instance
               CLOUDSQL_PERMISSION_DENIED: ${cloud.host} answered 403: boss::NOT_AUTHORIZED: Not authorized to access resource.`);
    expect(stdout).toContain(
      `\n               gcloud projects add-iam-policy-binding demo-shop --member=serviceAccount:${nobody} --role=roles/cloudsql.client\n`,
    );
    expect(stdout).toContain('– login        not looked at: instance comes first\n');
    expect(stdout).toMatch(/\nMend roles first, then run this again\.\n$/);
  });
});

describe('the doctor finds', () => {
  const cases = [...machineCases, ...accessCases, ...instanceCases, ...pathCases, ...databaseCases];

  it.each(cases.map((each) => [each.name, each] as const))('%s', async (_, each) => {
    await each.make?.();
    const { code, failed, steps } = await doctor(
      typeof each.args === 'function' ? await each.args() : each.args,
      each.env?.() ?? cloud.env,
    );
    const { status, found, remedy, evidence } = steps[each.step] ?? {};
    expect({ code, failed, status, found, remedy }).toEqual({
      code: each.code,
      failed: each.step,
      status: 'FAILED',
      found: typeof each.found === 'string' ? each.found : expect.stringMatching(each.found),
      remedy: each.mends,
    });
    if (each.evidence !== undefined) expect(evidence).toContain(each.evidence);
  });
});

it('says of an instance that does not exist once that it does not', async () => {
  const { steps } = await doctor(['demo-shop:europe-west1:nothing']);
  expect(steps.addresses).toMatchObject({ status: 'SKIPPED', found: 'not looked at: instance comes first' });
});

it('names the flag for an address that there is', async () => {
  await cloud.faults.metadata(instance, { withoutAddresses: ['PRIMARY'] });
  const { steps } = await doctor([instance]);
  expect(steps.addresses?.advice).toBe('Or dial an address that it has: --private-ip or --psc.');
});

it('does not say that all is well where nobody has logged in', async () => {
  setEnv(cloud.env);
  const args = ['doctor', instance, '--auth-type', 'password', '--user', 'native'];
  const { code, stdout } = await cli(args, cloud.env);
  expect(code).toBe(0);
  expect(stdout).toContain('– login        not tried: no password was given for native\n');
  expect(stdout).toContain('Add --password-file.\n\nNothing is wrong up to the login, which was not tried.\n');
});

describe('through a SOCKS proxy the doctor', () => {
  it('goes the way of the connector', async () => {
    const proxy = await SocksServer.start();
    const { code, steps } = await doctor([instance], { ...cloud.env, ALL_PROXY: `socks5://${proxy.host}` });
    const { requests } = proxy;
    await proxy.close();
    expect({ code, egress: steps.egress?.found }).toEqual({ code: 0, egress: 'port 3307 answers' });
    expect(requests).toContainEqual(expect.objectContaining({ port: 3307 }));
  });

  it('hears from the proxy that a port is closed', async () => {
    const refused = 5;
    const proxy = await SocksServer.start({ reply: refused });
    const { code, failed, steps } = await doctor([instance], { ...cloud.env, ALL_PROXY: `socks5://${proxy.host}` });
    await proxy.close();
    expect({ code, failed }).toEqual({ code: 19, failed: 'egress' });
    expect(steps.egress?.evidence).toContain('CLOUDSQL_DIAL_FAILED');
  });
});

describe('the doctor looks up', () => {
  const servers = dns.getServers();

  beforeAll(() => dns.setServers([cloud.dns.server]));
  afterAll(() => dns.setServers(servers));

  it('a DNS name that leads to an instance, and goes on', async () => {
    cloud.dns.set('orders.shop.example', { TXT: instance });
    const { code, failed, steps } = await doctor(['orders.shop.example', '--database', 'orders']);
    expect({ code, failed, login: steps.login?.status }).toEqual({ code: 0, failed: undefined, login: 'OK' });
  });

  it('the name of a PSC endpoint', async () => {
    const { code, steps } = await doctor([instance, '--psc']);
    expect({ code, dns: steps.dns?.found }).toEqual({ code: 0, dns: expect.stringMatching(/sql-psc\.goog is 127\./) });
  });

  it.each([
    [
      'unknown.shop.example',
      undefined,
      'the DNS name unknown.shop.example leads to no instance',
      ['gcloud dns record-sets create unknown.shop.example.'],
    ],
    ['a.shop.example', { CNAME: 'a.shop.example' }, 'the DNS name a.shop.example leads in a circle', []],
  ] as const)('%s, which leads to nothing', async (name, records, found, mends) => {
    cloud.dns.set(name, records);
    const { code, failed, steps } = await doctor([name]);
    expect({ code, failed, found: steps.dns?.found }).toEqual({ code: 18, failed: 'dns', found });
    expect(steps.dns?.remedy ?? []).toEqual(mends.map((start) => expect.stringMatching(`^${start}`)));
    expect(steps.clock?.status).toBe('SKIPPED');
  });

  it('a name that DNS does not answer for', async () => {
    cloud.faults.dns('lost.shop.example', 'SERVFAIL');
    const { code, steps } = await doctor(['lost.shop.example']);
    expect({ code, found: steps.dns?.found }).toEqual({
      code: 18,
      found: 'DNS gives no answer about lost.shop.example',
    });
  });
});

describe('the doctor warns of', () => {
  it.each(warningCases.map((each) => [each.name, each] as const))('%s', async (_, each) => {
    await each.make?.();
    const args = typeof each.args === 'function' ? await each.args() : each.args;
    const { code, steps } = await doctor(args, each.env?.() ?? cloud.env);
    const { status, found, remedy, evidence } = steps[each.step] ?? {};
    expect({ code, status, found, remedy }).toEqual({
      code: 0,
      status: 'WARNING',
      found: typeof each.found === 'string' ? each.found : expect.stringMatching(each.found),
      remedy: each.mends,
    });
    if (each.evidence !== undefined) expect(evidence).toContain(each.evidence);
  });

  it('a user that may come with a group', async () => {
    const { code, steps } = await doctor([real], as(newcomer));
    // Who is in none of them is found out by the login.
    expect({ code, user: steps.user }).toMatchObject({
      code: 24,
      user: {
        status: 'WARNING',
        found: 'there is no user newcomer@demo-shop.iam; who is in team@example.com gets one with the first login',
      },
    });
  });
});

describe('a wrong command line of cloudsql doctor', () => {
  it.each([
    [[], "missing required argument 'instance'"],
    [['p:r'], '"p:r" is not an instance connection name'],
    [['p:r:i', '--timeout', '0'], 'It is a number of seconds, up to 3600.'],
    [['p:r:i', '--auth-type', 'password'], 'A password login needs'],
  ])('%j is refused', async (args, message) => {
    const { code, stderr } = await cli(['doctor', ...args]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
  });

  it('has help with the exit codes', async () => {
    const { stdout } = await cli(['doctor', '--help']);
    for (const [step, { exitCode }] of Object.entries(steps)) expect(stdout).toContain(`\n  ${exitCode}  ${step}\n`);
  });

  it('has a page with every step and its exit code, in order', () => {
    const page = readFileSync(new URL('../../../docs/doctor.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| (\d+) \| `([a-z-]+)` \|/gm)].map(([, code, step]) => [step, Number(code)]);
    expect(rows).toEqual(Object.entries(steps).map(([step, { exitCode }]) => [step, exitCode]));
  });
});
