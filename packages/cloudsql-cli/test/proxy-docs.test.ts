import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { proxyPage } from '../../../docs/proxy.ts';
import { cli } from './cli.ts';
import { i } from './config-rows.ts';
import {
  alloyDbFlags,
  cloudSqlFlags,
  endpoints,
  exitCauses,
  fileExtensions,
  fileKeys,
  googleCommands,
  logForms,
  metrics,
  onlyParameters,
  otherVariables,
} from './google-surface.ts';

const page = readFileSync(new URL('../../../docs/proxy.md', import.meta.url), 'utf8');
const table = page.split('\n').filter((line) => /^\| .* \| (same|better|refused) \| .* \|$/.test(line));
const flags = [...cloudSqlFlags, ...alloyDbFlags];

/** The row of the table that has this in its first column, and what it says. */
function rowOf(text: string): { verdict: string; what: string; note: string } {
  const rows = table.map((line) => line.replace(/^\| /, '').split(' | '));
  const found = rows.filter(([what = '']) => what === text || what.split(', ').includes(text));
  expect(found, `${text} in docs/proxy.md`).toHaveLength(1);
  const [what = '', verdict = '', note = ''] = found[0]!;
  return { what, verdict, note };
}

/** The name of a flag as a variable ends. */
function suffix(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}

const folder = mkdtempSync(path.join(tmpdir(), 'surface-'));
const file = path.join(folder, 'empty.yaml');
const info = path.join(folder, 'info.json');
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const key = JSON.stringify({
  type: 'service_account',
  client_email: 'a@p.iam.gserviceaccount.com',
  private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
});
beforeAll(() => {
  writeFileSync(file, '');
  writeFileSync(info, '{}');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What comes of a flag that has to be understood, or refused with the reason that the page gives. */
async function expectVerdict(
  name: string,
  source: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<void> {
  const { verdict, note } = rowOf(`\`--${name}\``);
  const { code, stderr } = await cli(['proxy', '--check-config', i, ...args], env);
  if (verdict === 'refused') {
    expect(code).toBe(2);
    expect(stderr).toContain('cannot be used');
    expect(stderr).toContain(note.replace(/ \|$/, ''));
  } else expect({ code, stderr }, source).toEqual({ code: 0, stderr: '' });
}

describe('docs/proxy.md', () => {
  it('is what its program writes', () => {
    expect(proxyPage(page)).toBe(page);
  });

  it.each([
    ...onlyParameters.map((name) => `\`?${name}=\``),
    ...otherVariables.map((name) => `\`${name}\``),
    ...endpoints.map((name) => `\`${name}\``),
    ...metrics.map((name) => `\`${name}\``),
    ...googleCommands.map((name) => `\`${name}\``),
    ...exitCauses,
    ...logForms,
  ])('says how it is with %s', (text) => {
    const { note, verdict } = rowOf(text);
    if (verdict !== 'same') expect(note.length).toBeGreaterThan(10);
  });

  it.each([...fileKeys, ...fileExtensions])('says how it is with %s in files', (text) => {
    expect(table.filter((line) => line.startsWith('| file') && line.includes(`\`${text}\``))).toHaveLength(1);
  });
});

describe.each(flags)('--$name', ({ name, short, parameter, value, beside = '' }) => {
  const filled = value?.replace('$FILE', file).replace('$KEY', key).replace('$INFO', info);
  const more = beside.split(' ').filter(Boolean);

  it('is in the table, in all its spellings', () => {
    const { what } = rowOf(`\`--${name}\``);
    expect(what).toContain(`\`…_PROXY_${suffix(name)}\``);
    if (short) expect(what).toContain(`\`-${short}\``);
    expect(what.includes('`?')).toBe(parameter ?? what.includes('`?'));
  });

  it('is understood as a flag', async () => {
    await expectVerdict(name, 'flag', [filled === undefined ? `--${name}` : `--${name}=${filled}`, ...more]);
    if (short) await expectVerdict(name, 'letter', filled === undefined ? [`-${short}`] : [`-${short}`, filled]);
  });

  it('is understood as a variable of both proxies', async () => {
    for (const prefix of ['CSQL_PROXY_', 'ALLOYDB_PROXY_']) {
      await expectVerdict(name, prefix, more, { [`${prefix}${suffix(name)}`]: filled ?? 'true' });
    }
  });

  it('is understood in a file', async () => {
    // A file does not name another one.
    if (name === 'config-file')
      return expect((await cli(['proxy', '--check-config', i, '--config-file', file])).code).toBe(0);
    const own = path.join(folder, `${name}.json`);
    writeFileSync(own, JSON.stringify({ [name]: filled ?? true }));
    await expectVerdict(name, 'file', ['--config-file', own, ...more]);
  });
});

it.each(flags.filter(({ parameter }) => parameter))('?$name= is understood as a parameter', async ({ name, value }) => {
  const { verdict } = rowOf(`\`?${name}=\``);
  const { code } = await cli(['proxy', '--check-config', `${i}?${name}=${value ?? 'true'}`]);
  expect(code).toBe(verdict === 'refused' ? 2 : 0);
});
