import type { Certificate, CertificateAuthority } from './certificate-authority.ts';

/** A short-lived client certificate and what the emulator bound to it. */
export interface ClientCertificate extends Certificate {
  /** Name of the instance, or of the AlloyDB cluster, that it was issued for. */
  readonly scope: string;
  /** E-mail bound to it, if it was asked for with an access token. */
  readonly principal: string | undefined;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Whether it counts no more, although it has not expired. */
  revoked?: boolean;
  /** Whether its connections begin with AlloyDB's metadata exchange. */
  readonly metadataExchange: boolean;
}

const MAX_CERTIFICATES = 100_000;
const CLOCK_SKEW_MS = 60_000;

/** Issues ephemeral client certificates and knows by serial number what each stands for. */
export class ClientCertificates {
  #authority: CertificateAuthority;
  readonly #commonName: string;
  readonly #issued = new Map<string, ClientCertificate>();

  constructor(authority: CertificateAuthority, commonName: string) {
    this.#authority = authority;
    this.#commonName = commonName;
  }

  /** Signs with another authority from now on. */
  use(authority: CertificateAuthority): void {
    this.#authority = authority;
  }

  /** Certificates of the authority and of those above it, nearest first. */
  get chain(): readonly string[] {
    return this.#authority.chain;
  }

  /** Certificate of the authority that they chain to. */
  get trustedPem(): string {
    return this.chain.at(-1)!;
  }

  issue(
    scope: string,
    publicKey: Uint8Array<ArrayBuffer>,
    principal: string | undefined,
    expiresAt: number,
    metadataExchange = false,
  ): ClientCertificate {
    this.#forgetOldest();
    const notBefore = wholeSecond(Date.now() - CLOCK_SKEW_MS);
    const notAfter = wholeSecond(expiresAt);
    const certificate = this.#authority.issue({
      commonName: this.#commonName,
      publicKey,
      notBefore,
      notAfter,
      usage: 'CLIENT',
    });
    const issued: ClientCertificate = { ...certificate, scope, principal, notBefore, notAfter, metadataExchange };
    this.#issued.set(issued.serial, issued);
    return issued;
  }

  /** Makes a certificate count no more; returns whether there was one. */
  revoke(serial: string): boolean {
    const found = this.#issued.get(serial);
    if (found) found.revoked = true;
    return found !== undefined;
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
