import { authorizedUserGrant } from './authorized-user.ts';
import {
  type CredentialJson,
  invalidCredentials,
  optionalText,
  requiredObject,
  requiredText,
} from './credential-fields.ts';
import { externalAccountGrant, externalAuthorizedUserGrant, impersonationOf } from './external-account.ts';
import type { Grant } from './grant.ts';
import { impersonatedGrant } from './impersonation.ts';
import { serviceAccountGrant } from './service-account.ts';

const kinds: Readonly<Record<string, (json: CredentialJson) => Grant>> = {
  service_account: serviceAccountGrant,
  authorized_user: authorizedUserGrant,
  external_account: externalAccountGrant,
  external_account_authorized_user: externalAuthorizedUserGrant,
  impersonated_service_account: impersonatedAccountGrant,
};

/**
 * Makes a grant of the JSON that Google's credential files hold. Checks it whole, and does no I/O.
 * @throws ConfigError `CLOUDSQL_INVALID_CREDENTIALS`, `CLOUDSQL_UNTRUSTED_CREDENTIALS`
 */
export function grantOfJson(json: CredentialJson): Grant {
  const type = requiredText(json, 'type');
  const make = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  if (make) return make(json);
  const remedy = `Supported are ${Object.keys(kinds).join(', ')}. For others pass an \`AuthClient\`.`;
  throw invalidCredentials(json, `credentials of the type "${type.slice(0, 40)}" are not supported`, remedy);
}

function impersonatedAccountGrant(json: CredentialJson): Grant {
  const fields = requiredObject(json, 'source_credentials');
  const source = grantOfJson({ ...json, fields, where: `${json.where}, source_credentials` });
  const delegates = json.fields.delegates ?? [];
  if (!Array.isArray(delegates) || !delegates.every((name): name is string => typeof name === 'string')) {
    throw invalidCredentials(json, 'the field `delegates` is not a list of strings');
  }
  const quotaProject = optionalText(json, 'quota_project_id');
  const impersonated = impersonatedGrant(source, {
    ...impersonationOf(json, 'service_account_impersonation_url'),
    delegates: delegates.map((name) => name.replace(/^projects\/-\/serviceAccounts\//, '')),
  });
  return { ...impersonated, kind: 'impersonated_service_account', quotaProject: quotaProject ?? source.quotaProject };
}
