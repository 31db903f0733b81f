import { readFile } from 'node:fs/promises';
import { cloudSqlError } from '../errors.ts';
import { jsonObject } from '../http-client.ts';
import { awsSubjectToken } from './aws-subject-token.ts';
import {
  type CredentialJson,
  invalidCredentials,
  optionalText,
  requiredObject,
  requiredText,
} from './credential-fields.ts';
import { executableSubjectToken } from './executable-subject-token.ts';
import type { GrantCall } from './grant.ts';
import { unreachableEndpoint } from './token-request.ts';

/** Gets the token of another identity provider that Google is to exchange. */
export type SubjectTokenSource = (call: GrantCall) => Promise<string>;

/**
 * Where the subject tokens of an `external_account` come from: a file, a URL, a program, or AWS.
 * @throws ConfigError `CLOUDSQL_INVALID_CREDENTIALS`, `CLOUDSQL_UNTRUSTED_CREDENTIALS`
 */
export function subjectTokenSource(json: CredentialJson): SubjectTokenSource {
  const fields = requiredObject(json, 'credential_source');
  const source = { ...json, fields, where: `${json.where}, credential_source` };
  if (optionalText(source, 'environment_id')) return awsSubjectToken(json, source);
  if (fields.executable !== undefined) return executableSubjectToken(json, source);
  if (fields.certificate !== undefined) {
    throw invalidCredentials(
      source,
      'X.509 certificates are not supported',
      'Pass an `AuthClient` that supports them.',
    );
  }
  const file = optionalText(source, 'file');
  const url = optionalText(source, 'url');
  if ((file === undefined) === (url === undefined)) {
    throw invalidCredentials(source, 'expected one of `file`, `url`, `executable` and `environment_id`');
  }
  const extract = extractor(source);
  if (file !== undefined) return async ({ signal }) => extract(await readSubjectFile(file, signal), file);
  return urlSource(source, url!, extract);
}

type Extract = (text: string, from: string) => string;

/** Takes the token out of what was read: all of it, or one field of JSON. */
function extractor(source: CredentialJson): Extract {
  const format = source.fields.format === undefined ? { type: 'text' } : requiredObject(source, 'format');
  const described = { ...source, fields: format, where: `${source.where}.format` };
  const type = optionalText(described, 'type') ?? 'text';
  if (type !== 'text' && type !== 'json')
    throw invalidCredentials(described, `the type is "${type}", not text or json`);
  const field = type === 'json' ? requiredText(described, 'subject_token_field_name') : undefined;
  return (text, from) => {
    const token = field === undefined ? text.trim() : jsonObject(text)?.[field];
    if (typeof token === 'string' && token !== '') return token;
    throw cloudSqlError('CLOUDSQL_TOKEN_FAILED', `There is no subject token in ${from}`, {
      remedy: `Check what writes it${field === undefined ? '' : `: JSON with the field \`${field}\` was expected`}.`,
    });
  };
}

async function readSubjectFile(file: string, signal: AbortSignal): Promise<string> {
  try {
    return await readFile(file, { encoding: 'utf8', signal });
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    const { code } = cause as NodeJS.ErrnoException;
    throw cloudSqlError('CLOUDSQL_TOKEN_FAILED', `The subject token file ${file} cannot be read (${code})`, {
      cause,
      remedy: 'Check that the file exists and that this process may read it.',
    });
  }
}

function urlSource(source: CredentialJson, url: string, extract: Extract): SubjectTokenSource {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw invalidCredentials(source, 'the field `url` is not an http or https URL');
  }
  const { host, origin, pathname } = new URL(url);
  const headers: Record<string, string> = {};
  if (source.fields.headers !== undefined) {
    const given = { ...source, fields: requiredObject(source, 'headers'), where: `${source.where}.headers` };
    for (const name of Object.keys(given.fields)) headers[name] = requiredText(given, name);
  }
  return async ({ http, signal }) => {
    const answer = await http.call(
      { method: 'GET', url, headers, signal },
      {
        refusal: ({ status }) =>
          cloudSqlError('CLOUDSQL_TOKEN_FAILED', `${host} answered ${status} when asked for the subject token`, {
            retryable: status >= 500 || status === 429,
            remedy: 'Check the `url` and `headers` of the credential source.',
          }),
        unreachable: (cause) => unreachableEndpoint(url, cause),
      },
    );
    return extract(answer.text, `the answer of ${origin}${pathname}`);
  };
}
