import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { cli } from './cli.ts';

// What docs/migrating-from-auth-proxy.md tells people to paste.

const page = readFileSync(new URL('../../../docs/migrating-from-auth-proxy.md', import.meta.url), 'utf8');
const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, code = '']) => ({
  language,
  code,
}));
const lines = blocks.filter(({ language }) => language === 'sh').flatMap(({ code }) => code.trim().split('\n'));

describe('the page on the Auth Proxies', () => {
  const proxies = lines.filter((line) => line.startsWith('cloudsql proxy '));

  it('shows three ways to start the proxy', () => expect(proxies).toHaveLength(3));

  it.each(proxies)('%s is a configuration', async (line) => {
    const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare = '']) => quoted ?? bare);
    const { code, stdout, stderr } = await cli([...words.slice(1), '--check-config']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toBe('');
  });

  it('shows YAML that is YAML', () => {
    const documents = blocks.filter(({ language }) => language === 'yaml');
    expect(documents.length).toBeGreaterThan(5);
    for (const { code } of documents) expect(parse(code)).toBeTypeOf('object');
  });
});
