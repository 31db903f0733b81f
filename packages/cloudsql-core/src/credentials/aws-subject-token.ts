import type { AwsClientOptions } from 'google-auth-library';
import { cloudSqlError } from '../errors.ts';
import { type CredentialJson, invalidCredentials, optionalText } from './credential-fields.ts';
import type { SubjectTokenSource } from './subject-token.ts';

/**
 * AWS: google-auth-library finds the role of the machine and signs the request by which Google asks AWS who this is.
 * It sends that nowhere; the exchange is ours.
 */
export function awsSubjectToken(json: CredentialJson, source: CredentialJson): SubjectTokenSource {
  for (const name of ['url', 'region_url', 'imdsv2_session_token_url']) {
    const value = optionalText(source, name);
    // The library would not check certificates under NODE_TLS_REJECT_UNAUTHORIZED=0; these addresses have none.
    if (value !== undefined && !/^http:\/\/(169\.254\.169\.254|\[fd00:ec2::254\])\//i.test(value)) {
      throw invalidCredentials(source, `the field \`${name}\` is not the address of AWS's metadata server`);
    }
  }
  return async () => {
    try {
      // Not by ExternalAccountClient.fromJSON, which prints a warning in some versions.
      const { AwsClient } = await import('google-auth-library');
      return await new AwsClient(json.fields as unknown as AwsClientOptions).retrieveSubjectToken();
    } catch (cause) {
      throw cloudSqlError('CLOUDSQL_TOKEN_FAILED', `AWS gave no identity: ${firstLine((cause as Error).message)}`, {
        remedy:
          'Check that the machine has an AWS role, or set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION.',
      });
    }
  };
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0]!.slice(0, 200).replace(/\.$/, '');
}
