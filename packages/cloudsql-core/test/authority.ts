import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** What a test wants of a certificate besides its name. */
export interface CertificateRequest {
  readonly names?: { readonly dns?: readonly string[]; readonly ip?: readonly string[] };
  /** The key to certify, PEM; a new one is made otherwise. */
  readonly publicKey?: string;
  readonly notAfter?: Date;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const day = 86_400_000;

/** A certificate authority for one test. */
export class Authority {
  readonly #keys: webcrypto.CryptoKeyPair;
  readonly #certificate: x509.X509Certificate;
  readonly pem: string;

  private constructor(keys: webcrypto.CryptoKeyPair, certificate: x509.X509Certificate) {
    this.#keys = keys;
    this.#certificate = certificate;
    this.pem = certificate.toString('pem');
  }

  /** A root, or an authority below another. */
  static async create(name: string, issuer?: Authority): Promise<Authority> {
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const certificate = await x509.X509CertificateGenerator.create(
      {
        subject: `CN=${name}`,
        issuer: issuer ? issuer.#certificate.subject : `CN=${name}`,
        serialNumber: `4${randomBytes(8).toString('hex')}0`,
        notBefore: new Date(Date.now() - day),
        notAfter: new Date(Date.now() + day),
        publicKey: keys.publicKey,
        signingKey: (issuer ? issuer.#keys : keys).privateKey,
        signingAlgorithm: algorithm,
        extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
      },
      webcrypto,
    );
    return new Authority(keys, certificate);
  }

  async issue(name: string, request: CertificateRequest = {}): Promise<{ cert: string; key: string }> {
    const { dns = [], ip = [] } = request.names ?? {};
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const alternatives = [
      ...dns.map((value) => ({ type: 'dns' as const, value })),
      ...ip.map((value) => ({ type: 'ip' as const, value })),
    ];
    const certificate = await x509.X509CertificateGenerator.create(
      {
        subject: name === '' ? 'O=Nobody' : `CN=${name}`,
        issuer: this.#certificate.subject,
        serialNumber: `4${randomBytes(8).toString('hex')}0`,
        notBefore: new Date(Date.now() - 2 * day),
        notAfter: request.notAfter ?? new Date(Date.now() + day),
        publicKey: request.publicKey ? new x509.PublicKey(request.publicKey) : keys.publicKey,
        signingKey: this.#keys.privateKey,
        signingAlgorithm: algorithm,
        extensions: alternatives.length > 0 ? [new x509.SubjectAlternativeNameExtension(alternatives)] : [],
      },
      webcrypto,
    );
    const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
    return {
      cert: certificate.toString('pem'),
      key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`,
    };
  }
}
