import { readFile } from 'node:fs/promises';
import { ConfigError, cloudSqlError } from '../errors.ts';
import { jsonObject } from '../http-client.ts';
import {
  type CredentialJson,
  invalidCredentials,
  optionalText,
  requiredObject,
  requiredText,
} from './credential-fields.ts';
import { runProgram } from './run-program.ts';
import type { SubjectTokenSource } from './subject-token.ts';

const allow = 'GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES';

/**
 * A program that prints the subject token, by Google's convention (https://google.aip.dev/auth/4117). Written here
 * because google-auth-library crashes the process where the program does not exist, and shows what it printed.
 */
export function executableSubjectToken(json: CredentialJson, source: CredentialJson): SubjectTokenSource {
  const executable = { ...source, fields: requiredObject(source, 'executable'), where: `${source.where}.executable` };
  const command = requiredText(executable, 'command');
  const outputFile = optionalText(executable, 'output_file');
  const timeoutMs = executable.fields.timeout_millis ?? 30_000;
  if (typeof timeoutMs !== 'number' || !(timeoutMs >= 5000 && timeoutMs <= 120_000)) {
    throw invalidCredentials(executable, 'the field `timeout_millis` is not a number from 5000 to 120000');
  }
  const [file = '', ...args] = [...command.matchAll(/"([^"]*)"|[^\s"]+/g)].map(([word, quoted]) => quoted ?? word);
  const impersonated = /serviceAccounts\/([^/:]+):/.exec(optionalText(json, 'service_account_impersonation_url') ?? '');
  const variables = {
    GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE: requiredText(json, 'audience'),
    GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE: requiredText(json, 'subject_token_type'),
    GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE: '0',
    ...(impersonated ? { GOOGLE_EXTERNAL_ACCOUNT_IMPERSONATED_EMAIL: decodeURIComponent(impersonated[1]!) } : {}),
    ...(outputFile ? { GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE: outputFile } : {}),
  };
  return async ({ signal }) => {
    if (process.env[allow] !== '1') {
      throw new ConfigError('CLOUDSQL_UNTRUSTED_CREDENTIALS', `${json.where} wants to run the program ${file}`, {
        remedy: `Set ${allow}=1 if you trust the file, as for Google's own libraries.`,
      });
    }
    const written = outputFile && (await readFile(outputFile, { encoding: 'utf8', signal }).catch(() => undefined));
    const kept = written ? readAnswer(written) : undefined;
    if (kept?.token !== undefined && kept.expiresAt > Date.now()) return kept.token;
    const env = { ...process.env, ...variables };
    const finished = await runProgram({ file, args, env, timeoutMs }, signal).catch((cause: Error) => {
      if (signal.aborted) throw cause;
      throw failed(file, cause.message);
    });
    const answer = readAnswer(finished.stdout);
    if (answer?.refused !== undefined) throw failed(file, answer.refused);
    if (finished.code !== 0) throw failed(file, `it ended with ${finished.code ?? 'a signal'}`);
    if (answer?.token === undefined) throw failed(file, 'it did not print a token');
    if (answer.expiresAt <= Date.now()) throw failed(file, 'it printed a token that has expired');
    return answer.token;
  };
}

interface Answer {
  readonly token?: string;
  readonly refused?: string;
  readonly expiresAt: number;
}

function readAnswer(text: string): Answer | undefined {
  const answer = jsonObject(text);
  if (answer?.version !== 1) return undefined;
  const { success, code, message, token_type, id_token, saml_response, expiration_time } = answer;
  const expiresAt = typeof expiration_time === 'number' ? expiration_time * 1000 : Number.POSITIVE_INFINITY;
  if (success !== true) return { refused: `it says ${String(code)}: ${String(message).slice(0, 200)}`, expiresAt };
  const token = token_type === 'urn:ietf:params:oauth:token-type:saml2' ? saml_response : id_token;
  return typeof token === 'string' && token !== '' ? { token, expiresAt } : { expiresAt };
}

function failed(file: string, why: string): Error {
  return cloudSqlError(
    'CLOUDSQL_TOKEN_FAILED',
    `The program ${file} gave no subject token: ${why.replace(/\.$/, '')}`,
    {
      remedy: 'Run the `command` of the credential source by hand.',
    },
  );
}
