import type { IdentityServices } from '../iam/identity-services.ts';
import { parseScopes } from '../iam/scopes.ts';
import type { ApiRequest, ApiResponse, Route } from './http-types.ts';
import { HttpError } from './http-types.ts';

/** What the metadata server works with. */
export interface MetadataOptions {
  readonly identity: IdentityServices;
  readonly project: string;
  /** E-mail of the service account that the machine runs as. */
  readonly principal: () => string;
  readonly tokenLifetimeMs: () => number;
}

const HEADERS = { 'metadata-flavor': 'Google' };
const ROOT = '/computeMetadata/v1/';

/** Returns the metadata server of a virtual machine that runs as one of the principals. */
export function metadataRoutes(options: MetadataOptions): readonly Route[] {
  return [
    // Clients look at the root page to find out whether there is a metadata server at all.
    { name: 'metadata', methods: ['GET'], hosts: [], path: /^\/$/, handle: () => plain('computeMetadata/\n') },
    {
      name: 'metadata',
      methods: ['GET'],
      hosts: [],
      path: /^\/computeMetadata\/v1(?:\/.*)?$/,
      handle: (request) => metadata(options, request),
    },
  ];
}

function metadata(options: MetadataOptions, { headers, url }: ApiRequest): ApiResponse {
  if (headers['metadata-flavor'] !== 'Google') {
    throw new HttpError({ status: 403, headers: HEADERS, body: 'Missing Metadata-Flavor:Google header.\n' });
  }
  const path = decodeURI(url.pathname.slice(ROOT.length)).replace(/\/$/, '');
  switch (path) {
    case '':
      return plain('instance/\nproject/\n');
    case 'instance':
      return plain('service-accounts/\n');
    case 'project/project-id':
      return plain(options.project);
    case 'project/numeric-project-id':
      return plain('1');
    case 'universe/universe-domain':
    case 'universe/universe_domain':
      return plain('googleapis.com');
    case 'instance/service-accounts':
      return plain(`default/\n${options.principal()}/\n`);
  }
  const [, account, item = ''] = /^instance\/service-accounts\/([^/]+)(?:\/(.+))?$/.exec(path) ?? [];
  if (account === 'default' || account === options.principal()) return serviceAccount(options, url, item);
  return notFound();
}

function serviceAccount(options: MetadataOptions, url: URL, item: string): ApiResponse {
  const email = options.principal();
  const scopes = parseScopes(url.searchParams.get('scopes'));
  switch (item) {
    case '':
      return url.searchParams.get('recursive') === 'true'
        ? { status: 200, headers: HEADERS, body: { aliases: ['default'], email, scopes } }
        : plain('aliases\nemail\nscopes\ntoken\n');
    case 'aliases':
      return plain('default\n');
    case 'email':
      return plain(email);
    case 'scopes':
      return plain(`${scopes.join('\n')}\n`);
    case 'token': {
      const lifetimeMs = options.tokenLifetimeMs();
      const { token } = options.identity.tokens.issue(email, scopes, lifetimeMs);
      return {
        status: 200,
        headers: HEADERS,
        body: { access_token: token, expires_in: Math.floor(lifetimeMs / 1000), token_type: 'Bearer' },
      };
    }
    default:
      return notFound();
  }
}

function plain(text: string): ApiResponse {
  return { status: 200, headers: { ...HEADERS, 'content-type': 'application/text' }, body: text };
}

function notFound(): ApiResponse {
  return { status: 404, headers: HEADERS, body: 'Not Found\n' };
}
