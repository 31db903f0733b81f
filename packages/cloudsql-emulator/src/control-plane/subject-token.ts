import type { Principals } from '../iam/principals.ts';
import type { Route } from './http-types.ts';
import { HttpError } from './http-types.ts';

/** Returns the identity provider of the machine, as Azure has one: for credentials that get their subject token by URL. */
export function subjectTokenRoutes(principals: Principals): readonly Route[] {
  return [
    {
      name: 'subjectToken',
      methods: ['GET'],
      hosts: [],
      path: /^\/subject-token\/([^/]+)$/,
      handle: ({ segments, headers }) => {
        if (headers.metadata !== 'True') throw new HttpError({ status: 400, body: 'Missing header Metadata: True.\n' });
        const email = principals.find(segments[0] ?? '');
        if (email === undefined) throw new HttpError({ status: 404, body: 'Not Found\n' });
        return { status: 200, body: { access_token: email, token_type: 'Bearer' } };
      },
    },
  ];
}
