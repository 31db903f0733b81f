import type { Certificate, CertificateAuthority } from './certificate-authority.ts';

/** An ephemeral client certificate and what the emulator bound to it. */
export interface ClientCertificate extends Certificate {
  /** Connection name of the instance it was issued for. */
  readonly instance: string;
  /** E-mail bound to it, if it was asked for with an access token. */
  readonly principal: string | undefined;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

const MAX_CERTIFICATES = 100_000;
const CLOCK_SKEW_MS = 60_000;

/** Issues ephemeral client certificates and knows by serial number what each stands for. */
export class ClientCertificates {
  #authority: CertificateAuthority;
  readonly #issued = new Map<string, ClientCertificate>();

  constructor(authority: CertificateAuthority) {
    this.#authority = authority;
  }

  /** Signs with another authority from now on. */
  use(authority: CertificateAuthority): void {
    this.#authority = authority;
  }

  /** Certificate of the authority that signs them. */
  get authorityPem(): string {
    return this.#authority.pem;
  }

  async issue(
    instance: string,
    publicKey: Uint8Array<ArrayBuffer>,
    principal: string | undefined,
    expiresAt: number,
  ): Promise<ClientCertificate> {
    this.#forgetOldest();
    const notBefore = wholeSecond(Date.now() - CLOCK_SKEW_MS);
    const notAfter = wholeSecond(expiresAt);
    const certificate = await this.#authority.issue({
      commonName: 'Google Cloud SQL Client',
      publicKey,
      notBefore,
      notAfter,
      usage: 'CLIENT',
    });
    const issued = { ...certificate, instance, principal, notBefore, notAfter };
    this.#issued.set(issued.serial, issued);
    return issued;
  }

  find(serial: string): ClientCertificate | undefined {
    return this.#issued.get(serial);
  }

  // What is forgotten after its expiry would be refused by TLS anyway.
  #forgetOldest(): void {
    const now = Date.now();
    for (const [serial, { notAfter }] of this.#issued) {
      if (notAfter.getTime() > now && this.#issued.size < MAX_CERTIFICATES) return;
      this.#issued.delete(serial);
    }
  }
}

function wholeSecond(ms: number): Date {
  return new Date(Math.floor(ms / 1000) * 1000);
}
