import type { InstanceConfig, ProxyConfig } from './proxy-config.ts';

/** What a proxy would do, in one line for each instance and each server. Holds no secret. */
export function describeConfig(config: ProxyConfig): string {
  const { instances, http, admin, maxConnections } = config;
  const lines = [
    ...instances.map((each) => instanceLine(each, config)),
    ...(maxConnections > 0 ? [`all instances: at most ${maxConnections} connections`] : []),
    ...(http
      ? [
          `${http.host}:${http.port}: ${[...(http.health ? ['health'] : []), ...(http.metrics ? ['metrics'] : [])].join(' and ')}`,
        ]
      : []),
    ...(admin
      ? [
          `localhost:${admin.port}: ${[...(admin.quit ? ['/quitquitquit'] : []), ...(admin.debug ? ['/debug'] : [])].join(' and ')}`,
        ]
      : []),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function instanceLine(each: InstanceConfig, { firstPort, guard }: ProxyConfig): string {
  const { instance, place, iam, ipType, maxConnections } = each;
  const parts = [
    placeText(place, firstPort),
    `${ipType === undefined ? 'default' : typeof ipType === 'string' ? ipType : ipType.join(' or ')} address`,
    iam ? 'IAM login' : 'password login',
    ...(place.kind === 'TCP' && guard === 'SAME_USER' ? ['same user only'] : []),
    ...(place.kind === 'TCP' && typeof guard === 'object' && iam ? [`secret of ${guard.secretFile}`] : []),
    ...(maxConnections > 0 ? [`at most ${maxConnections} connections`] : []),
  ];
  return `${instance.id}: ${parts.join(', ')}`;
}

function placeText(place: InstanceConfig['place'], firstPort: number | undefined): string {
  if (place.kind === 'SOCKET') return `socket ${place.path} (${place.mode.toString(8)})`;
  if (place.kind === 'SOCKET_IN') return `socket in ${place.folder} (${place.mode.toString(8)})`;
  const port = place.port ?? (firstPort === undefined ? 'port by engine' : `port from ${firstPort}`);
  return `${place.address} ${typeof port === 'number' ? `port ${port}` : port}`;
}
