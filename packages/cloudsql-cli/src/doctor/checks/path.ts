import dns from 'node:dns/promises';
import net from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Examination } from '../examination.ts';
import { portOf } from '../explain.ts';
import type { Finding } from '../steps.ts';
import { addressOf } from './addresses.ts';
import { withPassword } from './api.ts';
import { reach, socksVariable } from './environment.ts';

/** How long a server may take to hang up on a certificate that it refuses, in milliseconds. */
const refusalMs = 250;

/** Looks whether the name that is dialled has an address here. */
export async function checkDns(examination: Examination): Promise<Finding> {
  const [, host = ''] = addressOf(examination) ?? [];
  if (net.isIP(host)) return { status: 'OK', found: `${host} needs no name` };
  try {
    // The system's own look-up knows less where the program has servers of its own.
    const address = await dns.lookup(host).then(
      (found) => found.address,
      async (error: Error) => {
        const [first] = await dns.resolve4(host).catch(() => []);
        if (first === undefined) throw error;
        return first;
      },
    );
    return { status: 'OK', found: `${host} is ${address}` };
  } catch (error) {
    return {
      status: 'FAILED',
      found: `${host} has no address here`,
      evidence: (error as Error).message,
      advice: 'Add the private DNS zone of the endpoint to this network.',
    };
  }
}

/** Looks whether the port of the instance can be reached. */
export async function checkEgress(examination: Examination): Promise<Finding> {
  const { instance, env, timeoutMs, target } = examination;
  const [type, host = ''] = addressOf(examination) ?? [];
  const port = portOf(instance.service);
  // Only the connector finds the way through a SOCKS proxy, and by the addresses of a DNS name.
  const isIndirect = socksVariable(env) !== undefined || target.connection.instance !== instance.id;
  if (isIndirect || net.isIP(host) === 0) {
    const failure = await openOnce(examination).catch((error: { readonly code?: string }) => error);
    if ('code' in failure && failure.code === 'CLOUDSQL_DIAL_FAILED') throw failure;
    return { status: 'OK', found: `port ${port} answers` };
  }
  const failure = await reach(host, port, timeoutMs);
  if (failure === undefined) return { status: 'OK', found: `${host}:${port} answers` };
  const isPrivate = type !== 'PUBLIC';
  return {
    status: 'FAILED',
    found: `${host}:${port} cannot be reached from here`,
    evidence: failure,
    ...(isPrivate && target.connection.ipType === undefined
      ? { advice: 'It is a private address: run this inside its VPC, or add --public-ip.' }
      : {
          remedy: [
            `gcloud compute firewall-rules create allow-cloudsql --direction=EGRESS --action=ALLOW --rules=tcp:${port} --destination-ranges=${host}/32`,
          ],
        }),
  };
}

/** Opens a connection as a program would, once. */
function openOnce(examination: Examination): Promise<TLSSocket> {
  const { connector, target, timeoutMs } = examination;
  examination.opened ??= connector.connect({ ...withPassword(target.connection), timeoutMs });
  return examination.opened;
}

/** Looks at the connection. Errors are about TLS, about who answers, or about the metadata exchange. */
export async function checkTls(examination: Examination): Promise<Finding> {
  const socket = await openOnce(examination);
  try {
    const found = `${socket.getProtocol()} ${socket.getCipher().name}`;
    examination.certificate = socket.getPeerCertificate();
    if (!(await hangsUp(socket))) return { status: 'OK', found };
    return {
      status: 'FAILED',
      found: 'the instance hung up after the TLS handshake: it refuses the certificate',
      evidence: `it closed the connection within ${refusalMs} ms, before anything was said`,
      advice: 'It may be restarting: try again, then look at its log. A wrong clock has certificates refused as well.',
    };
  } finally {
    socket.destroy();
  }
}

/** Says who has answered, which the connector has checked. */
export async function checkIdentity({ certificate, instance }: Examination): Promise<Finding> {
  const name = certificate?.subject.CN ?? certificate?.subjectaltname ?? instance.name;
  return { status: 'OK', found: `the certificate is of ${name}, until ${certificate?.valid_to}` };
}

/** Says that AlloyDB has let the principal in, without which there would be no connection. */
export async function checkExchange({ instance, credentials }: Examination): Promise<Finding> {
  if (instance.service !== 'alloydb') return { status: 'SKIPPED', found: 'Cloud SQL has none' };
  return { status: 'OK', found: `${credentials?.principal ?? 'the principal'} may connect` };
}

/** A server judges the client's certificate after the handshake, and hangs up on one that it does not take. */
function hangsUp(socket: TLSSocket): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (gone: boolean) => (): void => {
      clearTimeout(timer);
      resolve(gone);
    };
    const timer = setTimeout(settle(false), refusalMs);
    socket
      .once('error', settle(true))
      .once('end', settle(true))
      .once('close', settle(true))
      .once('data', settle(false));
  });
}
