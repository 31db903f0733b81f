import type { Emulator } from '../emulator.ts';
import { EmulatorError } from '../errors.ts';
import { checkDuration, checkKeys, checkText, invalid } from '../option-checks.ts';
import { googleError } from './google-error.ts';
import type { ApiRequest, ApiResponse, Route } from './http-types.ts';
import { parseJsonObject } from './request-body.ts';

/** What an emulator says of itself. */
export interface SelfOptions {
  readonly id: string;
  readonly startedAt: Date;
  /** The emulator, once it is there. */
  readonly emulator: () => Emulator | undefined;
}

/** Returns the methods by which tools recognise the emulator, look into it, and make it misbehave. */
export function selfRoutes({ id, startedAt, emulator }: SelfOptions): readonly Route[] {
  const route = (path: string, methods: readonly string[], act: Act): Route => ({
    name: 'emulator',
    methods,
    hosts: [],
    path: new RegExp(`^/emulator${path}$`),
    handle: async (request) => {
      refuseStrangers(request);
      const cloud = emulator();
      if (!cloud) throw googleError(503, 'backendError', 'The emulator is starting.');
      return await explained(async () => ({ status: 200, body: (await act(cloud, request)) ?? {} }));
    },
  });
  return [
    route('', ['GET'], () => ({ id, pid: process.pid, startedAt: startedAt.toISOString() })),
    route('/instances', ['GET'], describeInstances),
    route('/statistics', ['GET'], (cloud) => cloud.statistics()),
    route('/statistics', ['DELETE'], (cloud) => cloud.resetStatistics()),
    route('/calls', ['GET'], (cloud) => ({ calls: cloud.calls })),
    route('/connections', ['GET'], (cloud) => ({ connections: cloud.connections })),
    route('/connections', ['DELETE'], (cloud, { url }) => ({
      dropped: cloud.dropConnections(url.searchParams.get('instance') ?? undefined),
    })),
    route('/faults', ['POST'], (cloud, request) => setFault(cloud, parseJsonObject(request.body))),
    route('/faults', ['DELETE'], (cloud) => cloud.faults.clear()),
    route('/settings', ['POST'], (cloud, request) => changeSettings(cloud, parseJsonObject(request.body))),
  ];
}

type Act = (cloud: Emulator, request: ApiRequest) => object | undefined | void | Promise<void>;

/** What a program that cannot ask the object itself has to know to reach instances by address or by name. */
function describeInstances({ instances, dns }: Emulator): object {
  const described = instances.map((each) => {
    // By the same words as the addresses.
    const { PRIMARY, ...names } = dns.namesOf(each.name);
    return { ...each, dnsNames: { ...(PRIMARY === undefined ? {} : { PUBLIC: PRIMARY }), ...names } };
  });
  return { instances: described, dnsServer: dns.server };
}

/** Sets one fault: `kind` names the method of `Faults`, the other keys are its arguments; `fault: null` ends it. */
async function setFault(cloud: Emulator, body: Readonly<Record<string, unknown>>): Promise<void> {
  const { kind, instance, method, api, serial, fault, disabled } = checkKeys({ ...body }, 'body', [
    'kind',
    'instance',
    'method',
    'api',
    'serial',
    'fault',
    'disabled',
  ]);
  // What it is, each method checks for itself.
  const given = (fault ?? undefined) as never;
  const name = (): string => checkText(instance, 'instance');
  const { faults } = cloud;
  switch (kind) {
    case 'api':
      return faults.api(checkText(method, 'method'), given);
    case 'disable':
      return faults.disable(checkText(api, 'api'), disabled !== false);
    case 'clock':
      return faults.clock(given);
    case 'metadata':
      return faults.metadata(name(), given);
    case 'server':
      return await faults.server(name(), given);
    case 'connections':
      return await faults.connections(name(), given);
    case 'exchange':
      return faults.exchange(name(), given);
    case 'rotateServerCa':
      return await faults.rotateServerCa(name());
    case 'rotateClientCa':
      return await faults.rotateClientCa(instance === undefined ? undefined : name());
    case 'revokeCertificate':
      return faults.revokeCertificate(checkText(serial, 'serial'));
    default:
      invalid(
        'kind',
        'must be api, disable, clock, metadata, server, connections, exchange, rotateServerCa, rotateClientCa or revokeCertificate',
        kind,
      );
  }
}

function changeSettings(cloud: Emulator, body: Readonly<Record<string, unknown>>): void {
  const names = ['certificateLifetimeMs', 'tokenLifetimeMs'] as const;
  const given = checkKeys({ ...body }, 'body', names);
  const checked = names
    .filter((name) => given[name] !== undefined)
    .map((name) => [name, checkDuration(given[name], name)] as const);
  for (const [name, value] of checked) cloud[name] = value;
}

/** Web pages can make a browser send requests here, but not with such a type, nor under a name of this machine. */
function refuseStrangers({ method, headers }: ApiRequest): void {
  const host = (headers.host ?? '').replace(/:\d+$/, '');
  const isAddress = host === 'localhost' || /^[\d.]+$|^\[[\da-f:]+\]$/i.test(host);
  const isJson = headers['content-type']?.startsWith('application/json') ?? false;
  if (!isAddress || headers.origin !== undefined || (method === 'POST' && !isJson)) {
    throw googleError(
      403,
      'forbidden',
      'Call this from a program on this machine, with Content-Type: application/json.',
    );
  }
}

async function explained(act: () => Promise<ApiResponse>): Promise<ApiResponse> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof EmulatorError)) throw error;
    throw googleError(error.code === 'UNKNOWN_INSTANCE' ? 404 : 400, error.code, error.message);
  }
}
