import { createHash } from 'node:crypto';
import type { ServiceAccountKey } from './iam/service-account-keys.ts';

/** Which endpoints a credentials file names. */
export interface CredentialFileOptions {
  /**
   * `'EMULATOR'`: this emulator's own. `'GOOGLE'`: those of googleapis.com, for clients that are captured.
   * @default 'EMULATOR'
   */
  readonly endpoints?: 'EMULATOR' | 'GOOGLE';
}

/** What a credentials file of the type `external_account` is like. */
export interface ExternalAccountOptions extends CredentialFileOptions {
  /**
   * How the client gets its subject token: it reads a file, asks a URL, or runs a program (Google's libraries do that
   * only under `GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1`).
   * @default 'FILE'
   */
  readonly source?: 'FILE' | 'URL' | 'EXECUTABLE';
  /**
   * E-mail of a service account to act as. The principal must be among its `tokenCreators`.
   * @default none
   */
  readonly impersonate?: string;
}

/** Whom a credentials file of the type `impersonated_service_account` acts as. */
export interface ImpersonatedFileOptions extends CredentialFileOptions {
  /** E-mail of the service account. The principal, or the last delegate, must be among its `tokenCreators`. */
  readonly target: string;
  /**
   * E-mails of service accounts in between, each of which is among the `tokenCreators` of the next.
   * @default none
   */
  readonly delegates?: readonly string[];
}

/** Writes the JSON that Google's credential files hold, with endpoints that lead to one emulator. */
export class CredentialContent {
  readonly #url: string;
  readonly #project: string;

  constructor(url: string, project: string) {
    this.#url = url;
    this.#project = project;
  }

  externalAccount(credentialSource: object, { impersonate, ...options }: ExternalAccountOptions): object {
    return {
      universe_domain: 'googleapis.com',
      type: 'external_account',
      audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/emulator/providers/emulator',
      subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
      token_url: this.#endpoint('sts', '/v1/token', options),
      token_info_url: this.#endpoint('oauth2', '/tokeninfo', options),
      ...(impersonate ? { service_account_impersonation_url: this.#impersonationUrl(impersonate, options) } : {}),
      credential_source: credentialSource,
    };
  }

  serviceAccount(email: string, { keyId, privateKey }: ServiceAccountKey, options: CredentialFileOptions): object {
    return {
      type: 'service_account',
      project_id: this.#project,
      private_key_id: keyId,
      private_key: privateKey,
      client_email: email,
      client_id: BigInt(`0x${idOf(email)}`).toString(),
      auth_uri: 'https://accounts.google.com/o/oauth2/auth',
      token_uri: this.#endpoint('oauth2', '/token', options),
      auth_provider_x509_cert_url: 'https://www.googleapis.com/oauth2/v1/certs',
      client_x509_cert_url: `https://www.googleapis.com/robot/v1/metadata/x509/${encodeURIComponent(email)}`,
      universe_domain: 'googleapis.com',
    };
  }

  /** As gcloud writes it, and with an endpoint, which Google's libraries ignore in this type of file. */
  authorizedUser(email: string, options: CredentialFileOptions): object {
    return {
      account: '',
      client_id: 'emulator.apps.googleusercontent.com',
      client_secret: 'emulator-client-secret',
      refresh_token: email,
      type: 'authorized_user',
      universe_domain: 'googleapis.com',
      ...(options.endpoints === 'GOOGLE' ? {} : { token_uri: this.#endpoint('oauth2', '/token', options) }),
    };
  }

  impersonated(email: string, { target, delegates = [], ...options }: ImpersonatedFileOptions): object {
    return {
      type: 'impersonated_service_account',
      delegates: [...delegates],
      service_account_impersonation_url: this.#impersonationUrl(target, options),
      source_credentials: this.authorizedUser(email, options),
    };
  }

  #impersonationUrl(target: string, options: CredentialFileOptions): string {
    return this.#endpoint(
      'iamcredentials',
      `/v1/projects/-/serviceAccounts/${encodeURIComponent(target)}:generateAccessToken`,
      options,
    );
  }

  #endpoint(host: string, path: string, { endpoints = 'EMULATOR' }: CredentialFileOptions): string {
    return `${endpoints === 'GOOGLE' ? `https://${host}.googleapis.com` : this.#url}${path}`;
  }
}

/** A name for the files of a principal; e-mails can hold characters that file names cannot. */
export function idOf(email: string): string {
  return createHash('sha256').update(email).digest('hex').slice(0, 16);
}
