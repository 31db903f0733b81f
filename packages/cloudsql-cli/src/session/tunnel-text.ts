import { shellQuote } from '../cli/shell-quote.ts';
import type { LocalSession } from './local-session.ts';

const gatekeepers: Readonly<Record<string, string>> = {
  peer: 'Programs of your own user of this machine get in, and no others.',
  secret: 'Whoever knows the password gets in. It is good until the tunnel is closed.',
  none: 'Every program on this machine gets in, whoever started it.',
};

/** How clients reach a tunnel, for a person. */
export function describeTunnel(instance: string, session: LocalSession, auth: string): string {
  const { host, port, user, database, password, url } = session;
  const conninfo = `host=${host} port=${port} user=${user} dbname=${database} sslmode=disable`;
  // In the environment and not in the connection string: command lines are for everybody to see.
  const variable = password === undefined ? '' : `PGPASSWORD=${shellQuote(password)} `;
  const rows = [
    ['psql', `${variable}psql ${shellQuote(conninfo)}`],
    ['URL', url],
    ['host', host],
    ['port', port],
    ['user', user],
    ['database', database],
    ...(password === undefined ? [] : [['password', password]]),
  ];
  const table = rows.map(([name = '', value]) => `  ${name.padEnd(10)}${value}\n`).join('');
  return `A tunnel to ${instance} is open until Ctrl-C.\n\n${table}\n${gatekeepers[auth]}\n`;
}

/** The same for a program. */
export function tunnelEvent(instance: string, session: LocalSession): string {
  const { engine, host, port, user, database, password, url } = session;
  return `${JSON.stringify({ event: 'ready', instance, engine, host, port: Number(port), user, database, password, url })}\n`;
}
