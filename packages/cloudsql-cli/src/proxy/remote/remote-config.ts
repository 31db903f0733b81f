import type { CliContext } from '../../cli/context.ts';
import { type CommandLine, gather } from '../config/gather.ts';
import { defaultPorts } from '../config/resolve-config.ts';

/** Where a proxy with this configuration can be asked things. */
export interface RemoteConfig {
  readonly http: { readonly host: string; readonly port: number };
  readonly admin: { readonly host: string; readonly port: number };
}

/** Reads the same flags, variables and file as the proxy does. @throws UsageError */
export async function remoteConfig(line: CommandLine, env: CliContext['env']): Promise<RemoteConfig> {
  const { values } = await gather(line, env);
  const host = values['http-address']?.value ?? 'localhost';
  return {
    // Whatever listens on every address is reached by the one of this machine.
    http: {
      host: ['0.0.0.0', '::'].includes(host) ? 'localhost' : host,
      port: values['http-port']?.value ?? defaultPorts.http,
    },
    admin: { host: 'localhost', port: values['admin-port']?.value ?? defaultPorts.admin },
  };
}
