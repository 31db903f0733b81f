import type { Duplex } from 'node:stream';
import { type ExchangeFault, wrongAnswer } from '../faults/exchange-faults.ts';
import { identifyBearer } from '../iam/credentials.ts';
import type { IdentityServices } from '../iam/identity-services.ts';
import { mayLogInToAlloyDb } from '../iam/scopes.ts';
import { decodeExchangeRequest, encodeExchangeResponse, MAX_EXCHANGE_BYTES } from '../wire/exchange-messages.ts';
import type { MutableRecord } from './connection-log.ts';
import { endWith } from './relay.ts';
import { readExactly } from './socket-reader.ts';

/** How a client was let through. */
export interface Admission {
  /** E-mail that database users may log in with; `undefined` if the client wants to use a password. */
  readonly loginPrincipal: string | undefined;
}

/**
 * Speaks AlloyDB's metadata exchange: the client says who it is, with a token, before it reaches the database. Returns
 * `undefined` if it was refused or has gone; then the connection is on its way out and the record says why.
 */
export async function admitClient(
  client: Duplex,
  { tokens, keys, principals }: IdentityServices,
  record: MutableRecord,
  signal: AbortSignal,
  fault?: ExchangeFault,
): Promise<Admission | undefined> {
  const fail = (reason: string): undefined => {
    record.state = 'refused';
    record.refusal = reason;
  };
  const message = await readMessage(client, signal);
  if (typeof message === 'string') {
    client.destroy();
    return fail(signal.aborted ? 'metadata exchange timed out' : message);
  }
  const refuse = (reason: string): undefined => {
    endWith(client, encodeExchangeResponse(reason));
    return fail(reason);
  };
  const request = decodeExchangeRequest(message);
  if (typeof request === 'string') return refuse(request);
  record.userAgent = request.userAgent;
  record.authType = request.authType;
  if (fault) {
    fail(`the emulator was told to answer the metadata exchange wrongly: ${fault}`);
    await endWrongly(client, fault);
    return undefined;
  }
  // Inferred from here on: Google documents that the token is checked for the permission to connect, whatever the login
  // is. The order of the checks and all texts are the emulator's own.
  const caller = identifyBearer(request.token, tokens, keys);
  if (!caller) return refuse('The OAuth 2 token in the metadata exchange is invalid or has expired.');
  record.principal = caller.email;
  if (!mayLogInToAlloyDb(caller.scopes)) {
    return refuse('The OAuth 2 token lacks the scope https://www.googleapis.com/auth/alloydb.login.');
  }
  if (!principals.may(caller.email, 'alloydb.instances.connect')) {
    return refuse(`Permission 'alloydb.instances.connect' denied on resource '${record.instance}'.`);
  }
  client.write(encodeExchangeResponse());
  return { loginPrincipal: request.authType === 'AUTO_IAM' ? caller.email : undefined };
}

async function readMessage(client: Duplex, signal: AbortSignal): Promise<Buffer | string> {
  const gone = 'client left before its metadata exchange was complete';
  const head = await readExactly(client, 4, signal);
  if (!head) return gone;
  const length = head.readUInt32BE(0);
  // Who speaks PostgreSQL at once is not found out here: its lengths count themselves, so that four bytes never come.
  if (length > MAX_EXCHANGE_BYTES) return `client announced a metadata exchange of ${length} bytes`;
  return (await readExactly(client, length, signal)) ?? gone;
}

/** Answers wrongly and ends the connection. One that is not answered at all is the client's to end. */
async function endWrongly(client: Duplex, fault: ExchangeFault): Promise<void> {
  if (fault !== 'SILENT') return endWith(client, wrongAnswer(fault));
  client.resume();
  // Until then it counts as one that is arriving, so that a stop of the emulator ends it.
  if (!client.closed) await new Promise<void>((resolve) => client.once('close', () => resolve()));
}
