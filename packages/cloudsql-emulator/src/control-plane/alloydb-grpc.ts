import { bytesField, decodeFields, type Fields } from '../wire/protobuf.ts';

/** A call of the REST API that asks for the same as one by gRPC. */
export interface RestCall {
  readonly method: string;
  readonly target: string;
  readonly body: Buffer;
}

interface GrpcMethod {
  readonly ask: (version: string, request: Fields) => RestCall;
  /** Encodes the answer, given the JSON of the REST API. */
  readonly encode: (answer: Readonly<Record<string, unknown>>) => Buffer;
}

const PATH = /^\/google\.cloud\.alloydb\.(v1alpha|v1beta|v1)\.AlloyDBAdmin\/(\w+)$/;

/** The methods that connectors call, with the numbers that `google/cloud/alloydb/*.proto` gives their fields. */
const METHODS: Readonly<Record<string, GrpcMethod>> = {
  GetConnectionInfo: {
    ask: (version, request) => ({
      method: 'GET',
      target: `/${version}/${resourceOf(request)}/connectionInfo`,
      body: Buffer.alloc(0),
    }),
    encode: ({ name, ipAddress, publicIpAddress, pscDnsName }) =>
      Buffer.concat([...texts(1, name), ...texts(2, ipAddress), ...texts(5, publicIpAddress), ...texts(6, pscDnsName)]),
  },
  GenerateClientCertificate: {
    ask: (version, request) => ({
      method: 'POST',
      target: `/${version}/${resourceOf(request)}:generateClientCertificate`,
      body: Buffer.from(
        JSON.stringify({
          publicKey: request.text(5),
          ...durationOf(request.bytes(4)),
          useMetadataExchange: request.number(6) === 1,
        }),
      ),
    }),
    encode: ({ pemCertificateChain, caCert }) => Buffer.concat([...texts(2, pemCertificateChain), ...texts(3, caCert)]),
  },
};

/** Returns how a call by gRPC is put to the REST API and answered from it; `undefined` if there is no such method. */
export function alloyDbMethod(
  path: string,
): { readonly ask: (message: Buffer) => RestCall | string; readonly encode: GrpcMethod['encode'] } | undefined {
  const [, version = '', name = ''] = PATH.exec(path) ?? [];
  const method = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
  if (!method) return undefined;
  const ask = (message: Buffer): RestCall | string => {
    const request = decodeFields(message);
    return typeof request === 'string' ? request : method.ask(version, request);
  };
  return { ask, encode: method.encode };
}

/** The resource that a request is about, its `parent`, as a path. */
function resourceOf(request: Fields): string {
  return request.text(1).split('/').map(encodeURIComponent).join('/');
}

/** `google.protobuf.Duration`, of which no client uses the nanoseconds; absent if it was not sent. */
function durationOf(message: Buffer): { readonly certDuration?: string } {
  const duration = decodeFields(message);
  return message.length === 0 || typeof duration === 'string' ? {} : { certDuration: `${duration.number(1)}s` };
}

/** A text field, repeated or not; an absent one is not sent. */
function texts(field: number, value: unknown): readonly Buffer[] {
  return [value ?? []].flat().map((text) => bytesField(field, String(text)));
}
