import type { Login } from './requests.ts';
import type { Cell } from './tokens.ts';

const version = '16.0.1000.6';

/**
 * The answer to a statement: a row, no row for what returns none, or undefined for what this peer does not know. It is
 * no database: it knows what drivers and ORMs ask when they connect, and `select <number> [as <name>]`.
 */
export function answerTo(statement: string, { database, user }: Login): readonly Cell[] | undefined {
  const sql = statement.trim().replace(/;$/, '');
  if (/^set\s/i.test(sql)) return [];
  // Sequelize's way to ask for the version without its last part.
  if (/^declare @ms_ver .* as 'version'$/is.test(sql))
    return [{ name: 'version', value: version.replace(/\.\d+$/, '') }];
  const [, asked = '', alias = ''] = /^select\s+(.+?)(?:\s+as\s+['"[]?(\w+)['"\]]?)?$/is.exec(sql) ?? [];
  const sum = /^(\d+)(?:\s*\+\s*(\d+))?$/.exec(asked);
  if (sum) return [{ name: alias, value: Number(sum[1]) + Number(sum[2] ?? 0) }];
  const value = texts(database, user)[asked.replace(/\s+/g, '').toLowerCase()];
  return value === undefined ? undefined : [{ name: alias, value }];
}

function texts(database: string, user: string): Readonly<Record<string, string>> {
  return {
    'db_name()': database,
    'schema_name()': 'dbo',
    'suser_sname()': user,
    "serverproperty('productversion')": version,
    "convert(varchar(128),serverproperty('productversion'))": version,
  };
}
