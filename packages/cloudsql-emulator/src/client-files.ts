import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CredentialFileOptions, ExternalAccountOptions, ImpersonatedFileOptions } from './credential-content.ts';
import { CredentialContent, idOf } from './credential-content.ts';
import { EmulatorError } from './errors.ts';
import { isServiceAccount } from './iam/accounts.ts';
import type { Principals } from './iam/principals.ts';
import type { ServiceAccountKey, ServiceAccountKeys } from './iam/service-account-keys.ts';
import { checkKeys, checkRecord, invalid } from './option-checks.ts';

/** What credential files are made of. */
export interface ClientFilesOptions {
  readonly folder: string;
  /** An empty folder. */
  readonly emptyFolder: string;
  /** URL of the control plane. */
  readonly url: string;
  readonly project: string;
  readonly authorityPem: string;
  readonly principals: Principals;
  readonly keys: ServiceAccountKeys;
}

/** Writes the files that unmodified Google clients read: credentials, keys, the certificate authority. */
export class ClientFiles {
  readonly #options: ClientFilesOptions;
  readonly #content: CredentialContent;
  readonly #keys = new Map<string, ServiceAccountKey>();
  /** Certificate of the authority behind captured `https` hosts. */
  readonly caFile: string;
  /** An empty folder to stand in for the configuration of gcloud. */
  readonly emptyConfigFolder: string;

  constructor(options: ClientFilesOptions) {
    this.#options = options;
    this.#content = new CredentialContent(options.url, options.project);
    this.caFile = this.#write('ca.pem', options.authorityPem);
    this.emptyConfigFolder = options.emptyFolder;
  }

  /** Writes an `external_account` file. Its subject token is the e-mail. */
  externalAccount(email: string, options: ExternalAccountOptions = {}): string {
    checkOptions(options, ['endpoints', 'source', 'impersonate']);
    const { source = 'FILE', impersonate } = options;
    const known = this.#check(email);
    const target = impersonate === undefined ? undefined : this.#check(impersonate);
    const content = this.#content.externalAccount(this.#credentialSource(known, source), {
      ...options,
      ...(target ? { impersonate: target } : {}),
    });
    return this.#writeJson(fileName('external-account', known, options, source, target), content);
  }

  /** Writes a service account key file. The key is made on the first call, which takes some 100 ms. */
  serviceAccount(email: string, options: CredentialFileOptions = {}): string {
    checkOptions(options, ['endpoints']);
    const known = this.#check(email);
    if (!isServiceAccount(known)) {
      throw new EmulatorError('UNKNOWN_PRINCIPAL', `${known} is a user; only service accounts have key files.`);
    }
    const key = this.#keys.get(known) ?? this.#options.keys.create(known);
    this.#keys.set(known, key);
    const content = this.#content.serviceAccount(known, key, options);
    return this.#writeJson(fileName('service-account', known, options), content);
  }

  /** Writes an `authorized_user` file. Its refresh token is the e-mail. */
  authorizedUser(email: string, options: CredentialFileOptions = {}): string {
    checkOptions(options, ['endpoints']);
    const known = this.#check(email);
    return this.#writeJson(fileName('authorized-user', known, options), this.#content.authorizedUser(known, options));
  }

  /** Writes an `impersonated_service_account` file, whose source is an `authorized_user`. */
  impersonated(email: string, options: ImpersonatedFileOptions): string {
    checkOptions(options, ['endpoints', 'target', 'delegates']);
    const known = this.#check(email);
    const target = this.#check(options.target);
    const delegates = (options.delegates ?? []).map((delegate) => this.#check(delegate));
    const content = this.#content.impersonated(known, { ...options, target, delegates });
    return this.#writeJson(fileName('impersonated', known, options, target, ...delegates), content);
  }

  #credentialSource(email: string, source: ExternalAccountOptions['source']): object {
    const file = this.#write(`${idOf(email)}.subject-token`, email);
    switch (source) {
      case 'FILE':
        return { file, format: { type: 'text' } };
      case 'URL':
        return {
          url: `${this.#options.url}/subject-token/${encodeURIComponent(email)}`,
          headers: { Metadata: 'True' },
          format: { type: 'json', subject_token_field_name: 'access_token' },
        };
      case 'EXECUTABLE': {
        const answer = this.#writeJson(`${idOf(email)}.program-answer.json`, {
          version: 1,
          success: true,
          token_type: 'urn:ietf:params:oauth:token-type:id_token',
          id_token: email,
        });
        return { executable: { command: `/bin/cat "${answer}"`, timeout_millis: 5000 } };
      }
      default:
        return invalid('source', "must be 'FILE', 'URL' or 'EXECUTABLE'", source);
    }
  }

  #check(email: string): string {
    const known = this.#options.principals.find(email);
    if (known !== undefined) return known;
    throw new EmulatorError(
      'UNKNOWN_PRINCIPAL',
      `The emulator has no principal '${email}'. Add it to the option 'principals'.`,
    );
  }

  #writeJson(name: string, value: object): string {
    return this.#write(name, `${JSON.stringify(value, null, 2)}\n`);
  }

  #write(name: string, content: string): string {
    const path = join(this.#options.folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  }
}

function checkOptions(options: CredentialFileOptions, known: readonly string[]): void {
  const { endpoints } = checkKeys(checkRecord(options, 'options'), 'options', known) as CredentialFileOptions;
  if (endpoints !== undefined && endpoints !== 'EMULATOR' && endpoints !== 'GOOGLE') {
    invalid('endpoints', "must be 'EMULATOR' or 'GOOGLE'", endpoints);
  }
}

/** The same for the same wishes, so that asking twice does not change a file that is in use. */
function fileName(
  type: string,
  email: string,
  { endpoints = 'EMULATOR' }: CredentialFileOptions,
  ...wishes: readonly (string | undefined)[]
): string {
  return `${idOf([email, endpoints, ...wishes].join(' '))}.${type}.json`;
}
