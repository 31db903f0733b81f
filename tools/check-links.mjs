// Checks that every link of a page to another page or heading of this tree leads somewhere.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

process.chdir(path.dirname(import.meta.dirname));
const listing = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '*.md'], {
  encoding: 'utf8',
});
const pages = listing.split('\0').filter((page) => page && fs.existsSync(page));

/** @type {string[]} */
const broken = [];
for (const page of pages) {
  for (const [, target = ''] of proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target)) continue;
    const [to = '', heading] = target.split('#');
    const file = to === '' ? page : path.join(path.dirname(page), to);
    if (!fs.existsSync(file)) broken.push(`${page}: there is no ${file}`);
    else if (heading !== undefined && !anchorsOf(file).has(heading)) broken.push(`${page}: ${file} has no #${heading}`);
  }
}
console.log(broken.join('\n'));
if (broken.length > 0) process.exitCode = 1;

/** @param {string} page @returns {string} Its text without code, in which brackets mean something else. */
function proseOf(page) {
  return fs.readFileSync(page, 'utf8').replace(/^ *```[\s\S]*?^ *```$/gm, '');
}

/** @param {string} page @returns {Set<string>} What GitHub calls its headings. */
function anchorsOf(page) {
  /** @type {Map<string, number>} */
  const seen = new Map();
  return new Set(
    [...proseOf(page).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => {
      const text = title.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
      const anchor = text.replace(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-');
      const before = seen.get(anchor) ?? 0;
      seen.set(anchor, before + 1);
      return before === 0 ? anchor : `${anchor}-${before}`;
    }),
  );
}
