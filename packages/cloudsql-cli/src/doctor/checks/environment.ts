import net from 'node:net';
import type { Examination } from '../examination.ts';
import type { Finding } from '../steps.ts';

/** How long a proxy may take to answer, in milliseconds. */
const proxyTimeoutMs = 3000;

/** Variables by which clients would connect to something else, where nobody sets them for them. */
const clientVariables = [
  ...['PGHOST', 'PGHOSTADDR', 'PGPORT', 'PGUSER', 'PGPASSWORD', 'PGDATABASE', 'PGSERVICE', 'PGSSLMODE'],
  ...['MYSQL_HOST', 'MYSQL_TCP_PORT', 'MYSQL_UNIX_PORT', 'MYSQL_PWD'],
];

/** Looks at the variables that decide where connections go. */
export async function checkEnvironment(examination: Examination): Promise<Finding> {
  const { env, instance } = examination;
  const emulator = ['CLOUDSQL_EMULATOR_HOST', 'ALLOYDB_EMULATOR_HOST'].find((name) => env[name]);
  if (!emulator && instance.project.startsWith('demo-')) {
    return {
      status: 'FAILED',
      found: `the project ${instance.project} exists only in the emulator, and no variable names one`,
      evidence: 'its name begins with demo-',
      remedy: ['eval "$(cloudsql emulator env-init)"'],
    };
  }
  const proxies = await Promise.all([httpProxy, socksProxy].map((kind) => proxyFinding(env, kind)));
  const [proxy] = proxies.filter((finding) => finding !== undefined).sort(failedFirst);
  if (proxy?.status === 'FAILED') return proxy;
  if (env.NODE_TLS_REJECT_UNAUTHORIZED === '0') {
    return {
      status: 'WARNING',
      found: 'NODE_TLS_REJECT_UNAUTHORIZED=0 is set: other programs check no certificates',
      evidence: 'the environment; connections to Google and to the instance are checked all the same',
      remedy: ['unset NODE_TLS_REJECT_UNAUTHORIZED'],
    };
  }
  const set = clientVariables.filter((name) => env[name]);
  if (set.length > 0) {
    return {
      status: 'WARNING',
      found: `${set.join(', ')} ${set.length === 1 ? 'is' : 'are'} set, and clients that you start use ${set.length === 1 ? 'it' : 'them'}`,
      evidence: 'the environment; `cloudsql exec` and `cloudsql connect` set them anew',
      remedy: [`unset ${set.join(' ')}`],
    };
  }
  if (emulator) return { status: 'OK', found: `the emulator stands in for Google, because ${emulator} is set` };
  return proxy ?? { status: 'OK', found: 'no variable leads elsewhere' };
}

function failedFirst(a: Finding, b: Finding): number {
  return Number(b.status === 'FAILED') - Number(a.status === 'FAILED');
}

/** A proxy, and the variables that name it; the first that is set counts. */
interface ProxyKind {
  readonly variables: readonly string[];
  readonly protocols: readonly string[];
  readonly port: number;
  readonly form: string;
}

const httpProxy: ProxyKind = {
  variables: ['HTTPS_PROXY', 'https_proxy'],
  protocols: ['http:', 'https:'],
  port: 80,
  form: 'http://HOST:PORT',
};

/** Other kinds carry no database connection, so they are passed over. */
const socksProxy: ProxyKind = {
  variables: ['ALL_PROXY', 'all_proxy'],
  protocols: ['socks:', 'socks5:', 'socksh:', 'socks5h:'],
  port: 1080,
  form: 'socks5://HOST:PORT',
};

/** The variable that sends connections to instances through a SOCKS proxy, if one does. */
export function socksVariable(env: Examination['env']): string | undefined {
  const name = socksProxy.variables.find((each) => env[each]);
  return name !== undefined && /^socks5?h?:\/\//i.test(env[name] ?? '') ? name : undefined;
}

/** What is to be said of a proxy, if there is one. */
async function proxyFinding(env: Examination['env'], kind: ProxyKind): Promise<Finding | undefined> {
  const name = kind === socksProxy ? socksVariable(env) : kind.variables.find((each) => env[each]);
  const value = name && env[name];
  if (!name || !value) return undefined;
  const text = value.includes('://') ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !kind.protocols.includes(url.protocol) || url.hostname === '') {
    return {
      status: 'FAILED',
      found: `${name} is not the URL of ${kind === httpProxy ? 'an HTTP' : 'a SOCKS'} proxy`,
      evidence: 'the environment',
      remedy: [`export ${name}=${kind.form}`],
    };
  }
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : kind.port));
  const failure = await reach(url.hostname.replace(/^\[(.*)\]$/, '$1'), port);
  if (failure === undefined) return { status: 'OK', found: `${name} is used: ${url.hostname}:${port} answers` };
  return {
    status: 'FAILED',
    found: `the proxy ${url.hostname}:${port}, which ${name} names, does not answer`,
    evidence: failure,
    remedy: [`unset ${name}`],
  };
}

/** Opens a TCP connection and closes it again; returns what kept it from that. */
export function reach(host: string, port: number, timeoutMs: number = proxyTimeoutMs): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port });
    const settle = (failure?: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(failure);
    };
    const timer = setTimeout(() => settle(`no answer within ${timeoutMs / 1000} s`), timeoutMs);
    socket.once('connect', () => settle());
    socket.once('error', (error) => settle(error.message));
  });
}
