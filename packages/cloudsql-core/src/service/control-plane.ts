import type { Credentials } from '../credentials/credentials.ts';
import { emulatorCredentials, emulatorHost, emulatorVariables } from '../credentials/emulator.ts';
import { createCredentials } from '../credentials/sources.ts';
import { universeOf } from '../credentials/universe.ts';
import { type KeyPair, processKeyPair } from '../key-pair.ts';
import type { ResolvedConnectorOptions } from '../options/connector-options.ts';
import { processWide } from '../process-wide.ts';
import type { Logger } from '../telemetry.ts';
import { version } from '../version.ts';
import { ApiClient } from './api-client.ts';
import type { Service } from './service.ts';

/** Google's side of one service, or the emulator's, as one connector talks to it. */
export interface ControlPlane {
  readonly endpoint: string;
  readonly credentials: Credentials;
  /** Whether the emulator stands in for Google. */
  readonly emulated: boolean;
  /** What API calls and servers are told of who calls. */
  readonly userAgent: string;
  readonly logger: Logger | undefined;
  keyPair(): Promise<KeyPair>;
  api(): Promise<ApiClient>;
  /** The e-mail address of the principal, where the credentials know it. */
  email(): Promise<string | undefined>;
  /** Closes connections to the APIs, and gives up on tokens. */
  close(reason: Error): Promise<void>;
}

/**
 * Decides where the control plane of a service is. To be called at the first use, since it reads the environment and
 * warns once per process when the emulator is in use.
 */
export function controlPlane(options: ResolvedConnectorOptions, service: Service): ControlPlane {
  const host = emulatorHost(service.name, options);
  if (host) warnOnce(host, emulatorVariables[service.name]);
  const credentials = host ? emulatorCredentials(host, service, options) : createCredentials(options, service.scopes);
  const userAgent = ['cloudsql-orm', version].join('/') + (options.userAgent ? ` ${options.userAgent}` : '');
  const api = shared(() => createApi(userAgent, credentials));
  return {
    endpoint: host
      ? `http://${host}`
      : (options.endpoints?.[service.endpointOption] ??
        `https://${service.apiName}.${universeOf(options.universeDomain)}`),
    credentials,
    emulated: host !== undefined,
    userAgent,
    logger: options.logger,
    keyPair: () => (options.keyPair ? Promise.resolve(options.keyPair) : processKeyPair()),
    api: api.get,
    email: () => credentials.email(),
    async close(reason) {
      credentials.close(reason);
      (await api.peek()?.catch(() => undefined))?.close();
    },
  };
}

/** Makes something at the first use, once for all who ask; anew only after a failure. */
function shared<T>(make: () => Promise<T>): { get: () => Promise<T>; peek: () => Promise<T> | undefined } {
  let made: Promise<T> | undefined;
  const get = (): Promise<T> => {
    made ??= make();
    const pending = made;
    pending.catch(() => {
      if (made === pending) made = undefined;
    });
    return pending;
  };
  return { get, peek: () => made };
}

async function createApi(userAgent: string, credentials: Credentials): Promise<ApiClient> {
  const project = await credentials.quotaProject();
  return new ApiClient(
    {
      'User-Agent': userAgent,
      ...(project ? { 'X-Goog-User-Project': project } : {}),
    },
    (token) => credentials.refused(token),
  );
}

function warnOnce(host: string, variable: string): void {
  const warned = processWide('emulator-warnings', () => new Set<string>());
  if (warned.has(variable)) return;
  warned.add(variable);
  const which = variable === emulatorVariables.alloydb ? 'AlloyDB' : 'Cloud SQL';
  process.emitWarning(`${which} connections go to the emulator at ${host}, because ${variable} is set.`, {
    code: 'CLOUDSQL_EMULATOR',
  });
}
