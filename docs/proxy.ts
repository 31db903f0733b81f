import { readFileSync, writeFileSync } from 'node:fs';
import type { Setting } from '../packages/cloudsql-cli/src/proxy/config/setting.ts';
import { type SettingName, settingNames, settingOf } from '../packages/cloudsql-cli/src/proxy/config/settings.ts';
import {
  commandRows,
  endpointRows,
  exitRows,
  fileRows,
  logRows,
  metricRows,
  type Row,
  variableRows,
} from './proxy-rows.ts';

const [begin, end] = ['<!-- Written by docs/proxy.ts. -->', '<!-- End of what docs/proxy.ts writes. -->'];

/** docs/proxy.md, with its tables as the program's own settings say. Run this file to write them. */
export function proxyPage(page: string): string {
  const [before, rest = ''] = page.split(begin);
  const after = rest.split(end)[1];
  if (after === undefined) throw new Error(`docs/proxy.md has no place for its tables: ${begin} … ${end}`);
  return `${before}${begin}\n\n${tables()}\n${end}${after}`;
}

function tables(): string {
  const google = settingNames.filter((name) => settingOf(name).from !== 'OURS');
  const ours = settingNames.filter((name) => settingOf(name).from === 'OURS');
  const rows: readonly (readonly [string, string, string])[] = [
    ...google.map(settingRow),
    ...[variableRows, fileRows, commandRows, endpointRows, metricRows, exitRows, logRows].flat().map(plainRow),
  ];
  return `| Google's | here | |
|---|---|---|
${rows.map(line).join('')}
What this proxy has besides:

| flag | |
|---|---|
${ours.map((name) => line([spellings(name, settingOf(name)), sentence(name, settingOf(name))])).join('')}| \`--check-config\` | say what would be done, and do nothing |
`;
}

function plainRow([what, verdict, note]: Row): readonly [string, string, string] {
  return [what, verdict, note];
}

function settingRow(name: SettingName): readonly [string, string, string] {
  const setting = settingOf(name);
  const verdict = setting.verdict.toLowerCase();
  return [
    spellings(name, setting),
    verdict,
    setting.verdict === 'REFUSED' ? setting.help : (setting.note ?? setting.help),
  ];
}

/** A setting as it can be written: flag, variable, and where it is a parameter. Keys of a file are the flags without dashes. */
function spellings(name: SettingName, { short, alias, instance }: Setting): string {
  if (instance === 'ONLY') return `\`?${name}=\``;
  const names = [name, ...(alias ? [alias] : [])];
  const flags = names.map((each) => `\`--${each}\``);
  const variables = names.map((each) => `\`…_PROXY_${each.toUpperCase().replaceAll('-', '_')}\``);
  return [...flags, ...(short ? [`\`-${short}\``] : []), ...variables, ...(instance ? [`\`?${name}=\``] : [])].join(
    ', ',
  );
}

function sentence(_: SettingName, { help, note }: Setting): string {
  return note ? `${help}; ${note}` : help;
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
}

if (process.argv[1] === import.meta.filename) {
  const file = new URL('proxy.md', import.meta.url);
  writeFileSync(file, proxyPage(readFileSync(file, 'utf8')));
}
