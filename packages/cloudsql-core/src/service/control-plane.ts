import type { Credentials } from '../credentials/credentials.ts';
import { emulatorCredentials, emulatorHost } from '../credentials/emulator.ts';
import { createCredentials } from '../credentials/sources.ts';
import { universeOf } from '../credentials/universe.ts';
import { type KeyPair, processKeyPair } from '../key-pair.ts';
import type { ResolvedConnectorOptions } from '../options/connector-options.ts';
import type { Logger } from '../telemetry.ts';
import { version } from '../version.ts';
import { ApiClient } from './api-client.ts';

/** Google's side, or the emulator's, as one connector talks to it. */
export interface ControlPlane {
  readonly endpoint: string;
  readonly credentials: Credentials;
  /** Whether the emulator stands in for Google. */
  readonly emulated: boolean;
  readonly logger: Logger | undefined;
  keyPair(): Promise<KeyPair>;
  api(): Promise<ApiClient>;
  /** Closes connections to the APIs, and gives up on tokens. */
  close(reason: Error): Promise<void>;
}

/**
 * Decides where the control plane is. To be called at the first use, since it reads the environment and warns once
 * per process when the emulator is in use.
 */
export function controlPlane(options: ResolvedConnectorOptions): ControlPlane {
  const host = emulatorHost(options);
  if (host) warnOnce(host);
  const credentials = host ? emulatorCredentials(host, options) : createCredentials(options);
  let api: Promise<ApiClient> | undefined;
  return {
    endpoint: host
      ? `http://${host}`
      : (options.endpoints?.sqlAdmin ?? `https://sqladmin.${universeOf(options.universeDomain)}`),
    credentials,
    emulated: host !== undefined,
    logger: options.logger,
    keyPair: () => (options.keyPair ? Promise.resolve(options.keyPair) : processKeyPair()),
    api() {
      api ??= createApi(options.userAgent, credentials);
      const pending = api;
      pending.catch(() => {
        if (api === pending) api = undefined;
      });
      return pending;
    },
    async close(reason) {
      credentials.close(reason);
      (await api?.catch(() => undefined))?.close();
    },
  };
}

async function createApi(userAgent: string | undefined, credentials: Credentials): Promise<ApiClient> {
  const project = await credentials.quotaProject();
  return new ApiClient({
    'User-Agent': ['cloudsql-orm', version].join('/') + (userAgent ? ` ${userAgent}` : ''),
    ...(project ? { 'X-Goog-User-Project': project } : {}),
  });
}

const warned = Symbol.for('@x/cloudsql-core/emulator-warning');

function warnOnce(host: string): void {
  const holder = globalThis as { [warned]?: true };
  if (holder[warned]) return;
  holder[warned] = true;
  process.emitWarning(`Cloud SQL connections go to the emulator at ${host}, because CLOUDSQL_EMULATOR_HOST is set.`, {
    code: 'CLOUDSQL_EMULATOR',
  });
}
