import { styleText } from 'node:util';
import type { Row } from './demo.ts';

const columns: [heading: string, width: number, text: (row: Row) => string][] = [
  ['ORM', 18, (row) => `${row.orm} ${row.ormVersion}`],
  ['driver', 9, (row) => row.driver],
  ['address', 7, (row) => row.ipType],
  ['current_user', 17, (row) => row.currentUser],
  ['TLS, as negotiated', 30, (row) => `${row.tlsProtocol} ${row.tlsCipher}`],
  ['certificate expires', 20, (row) => row.certificateExpires.replace('.000Z', 'Z')],
  ['rows', 4, (row) => String(row.rowsRead).padStart(4)],
  ['ms', 5, (row) => String(row.ms).padStart(5)],
];

export function heading(): string {
  const names = columns.map(([name, width]) =>
    name === 'rows' || name === 'ms' ? name.padStart(width) : name.padEnd(width),
  );
  const rules = columns.map(([, width]) => '─'.repeat(width));
  return `  ${styleText('bold', names.join('  '))}\n  ${rules.join('──')}`;
}

export function line(row: Row): string {
  if (!row.ok)
    return `${styleText('red', '✗')} ${`${row.orm} ${row.ormVersion}`.padEnd(18)}  ${row.ipType.padEnd(9)}  ${row.error}`;
  return `${styleText('green', '✓')} ${columns.map(([, width, text]) => text(row).padEnd(width)).join('  ')}`;
}
