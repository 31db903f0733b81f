import { createHash } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EmulatorError } from './errors.ts';
import { isServiceAccount } from './iam/accounts.ts';
import type { Principals } from './iam/principals.ts';
import type { ServiceAccountKeys } from './iam/service-account-keys.ts';

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
  /** Certificate of the authority behind captured `https` hosts. */
  readonly caFile: string;
  /** An empty folder to stand in for the configuration of gcloud. */
  readonly emptyConfigFolder: string;

  constructor(options: ClientFilesOptions) {
    this.#options = options;
    this.caFile = this.#write('ca.pem', options.authorityPem);
    this.emptyConfigFolder = options.emptyFolder;
  }

  /** Writes an `external_account` file whose endpoints are the emulator's own. Its subject token is the e-mail. */
  externalAccount(email: string): string {
    const known = this.#check(email);
    const id = idOf(known);
    const subjectTokenFile = this.#write(`${id}.subject-token`, known);
    return this.#writeJson(`${id}.external-account.json`, {
      universe_domain: 'googleapis.com',
      type: 'external_account',
      audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/emulator/providers/emulator',
      subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
      token_url: `${this.#options.url}/v1/token`,
      token_info_url: `${this.#options.url}/tokeninfo`,
      credential_source: { file: subjectTokenFile, format: { type: 'text' } },
    });
  }

  /** Writes a service account key file. The key is made on the first call, which takes some 100 ms. */
  serviceAccount(email: string): string {
    const known = this.#check(email);
    if (!isServiceAccount(known)) {
      throw new EmulatorError('UNKNOWN_PRINCIPAL', `${known} is a user; only service accounts have key files.`);
    }
    const name = `${idOf(known)}.service-account.json`;
    const path = join(this.#options.folder, name);
    if (existsSync(path)) return path;
    const { keyId, privateKey } = this.#options.keys.create(known);
    return this.#writeJson(name, {
      type: 'service_account',
      project_id: this.#options.project,
      private_key_id: keyId,
      private_key: privateKey,
      client_email: known,
      client_id: BigInt(`0x${idOf(known)}`).toString(),
      auth_uri: 'https://accounts.google.com/o/oauth2/auth',
      token_uri: 'https://oauth2.googleapis.com/token',
      auth_provider_x509_cert_url: 'https://www.googleapis.com/oauth2/v1/certs',
      client_x509_cert_url: `https://www.googleapis.com/robot/v1/metadata/x509/${encodeURIComponent(known)}`,
      universe_domain: 'googleapis.com',
    });
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

// E-mails can hold characters that file names cannot.
function idOf(email: string): string {
  return createHash('sha256').update(email).digest('hex').slice(0, 16);
}
