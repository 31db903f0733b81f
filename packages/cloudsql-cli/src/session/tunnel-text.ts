import { shellQuote } from '../cli/shell-quote.ts';
import { clientOf } from './client.ts';
import type { LocalAuth, LocalSession } from './local-session.ts';

const gatekeepers: Readonly<Record<LocalAuth, string>> = {
  peer: 'Programs of your own user of this machine get in, and no others.',
  secret: 'Whoever knows the password gets in. It is good until the tunnel is closed.',
  none: 'Every program on this machine gets in, whoever started it.',
};

/** How clients reach a tunnel, for a person. */
export function describeTunnel(instance: string, session: LocalSession, auth: LocalAuth): string {
  const { host, port, user, database, password, url } = session;
  const { command, args, passwordVariable } = clientOf(session);
  // In the environment and not in the arguments: command lines are for everybody to see.
  const variable = password === undefined ? '' : `${passwordVariable}=${shellQuote(password)} `;
  const rows: [string, string | undefined][] = [
    [command, `${variable}${[command, ...args].map(shellQuote).join(' ')}`],
    ['URL', url],
    ...Object.entries({ host, port, user, database, password }),
  ];
  const table = rows.flatMap(([name, value]) => (value === undefined ? [] : [`  ${name.padEnd(10)}${value}\n`]));
  return `A tunnel to ${instance} is open until Ctrl-C.\n\n${table.join('')}\n${gatekeepers[auth]}\n`;
}

/** The same for a program. */
export function tunnelEvent(instance: string, session: LocalSession): string {
  const { engine, host, port, user, database, password, url } = session;
  const event = { event: 'ready', instance, engine, host, port: Number(port), user, database, password, url };
  return `${JSON.stringify(event)}\n`;
}
