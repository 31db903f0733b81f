import { randomBytes, webcrypto } from 'node:crypto';
import type * as X509 from '@peculiar/x509';

/** What a new certificate says. */
export interface CertificateRequest {
  /** May be empty. */
  readonly commonName: string;
  /** Public key as DER, SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly usage: 'CLIENT' | 'SERVER';
  readonly names?: AlternativeNames;
}

/** Subject alternative names. */
export interface AlternativeNames {
  readonly dns?: readonly string[];
  readonly ip?: readonly string[];
}

/** A certificate as text, with its serial number as Node's `getPeerCertificate` shows it. */
export interface Certificate {
  readonly pem: string;
  readonly serial: string;
}

/** A key pair with a certificate, ready for a TLS server. */
export interface ServerIdentity {
  readonly cert: string;
  readonly key: string;
}

const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGNING_ALGORITHM = { name: 'ECDSA', hash: 'SHA-256' };
const DAY_MS = 86_400_000;

/** A certificate authority of the emulator's own. Its key is made at run time and never leaves the process. */
export class CertificateAuthority {
  readonly #x509: typeof X509;
  readonly #keys: webcrypto.CryptoKeyPair;
  readonly #certificate: X509.X509Certificate;
  readonly #issuer: CertificateAuthority | undefined;
  /** The authority's own certificate. */
  readonly pem: string;
  readonly serial: string;
  readonly commonName: string;
  readonly notBefore: Date;
  readonly notAfter: Date;

  private constructor(
    x509: typeof X509,
    keys: webcrypto.CryptoKeyPair,
    certificate: X509.X509Certificate,
    commonName: string,
    issuer?: CertificateAuthority,
  ) {
    this.#x509 = x509;
    this.#issuer = issuer;
    this.#keys = keys;
    this.#certificate = certificate;
    this.pem = certificate.toString('pem');
    this.serial = certificate.serialNumber;
    this.commonName = commonName;
    this.notBefore = certificate.notBefore;
    this.notAfter = certificate.notAfter;
  }

  /** Makes an authority with a self-signed certificate that is valid for ten years. */
  static async create(x509: typeof X509, commonName: string): Promise<CertificateAuthority> {
    const keys = await generateKeys();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned(
      {
        name: subject(commonName),
        keys,
        serialNumber: randomSerial(),
        notBefore: new Date(Date.now() - DAY_MS),
        notAfter: new Date(Date.now() + 3650 * DAY_MS),
        signingAlgorithm: SIGNING_ALGORITHM,
        extensions: await authorityExtensions(x509, keys),
      },
      webcrypto,
    );
    return new CertificateAuthority(x509, keys, certificate, commonName);
  }

  /** Makes an authority below this one, that lives as long. */
  async createIntermediate(commonName: string): Promise<CertificateAuthority> {
    const x509 = this.#x509;
    const keys = await generateKeys();
    const certificate = await x509.X509CertificateGenerator.create(
      {
        subject: subject(commonName),
        issuer: this.#certificate.subjectName.toJSON(),
        serialNumber: randomSerial(),
        notBefore: this.notBefore,
        notAfter: this.notAfter,
        publicKey: keys.publicKey,
        signingKey: this.#keys.privateKey,
        signingAlgorithm: SIGNING_ALGORITHM,
        extensions: [
          ...(await authorityExtensions(x509, keys)),
          await x509.AuthorityKeyIdentifierExtension.create(this.#keys.publicKey, false, webcrypto),
        ],
      },
      webcrypto,
    );
    return new CertificateAuthority(x509, keys, certificate, commonName, this);
  }

  /** Certificates of this authority and of those above it, nearest first. */
  get chain(): readonly string[] {
    return [this.pem, ...(this.#issuer?.chain ?? [])];
  }

  /** Signs a certificate. Times are cut to whole seconds, as X.509 has no finer ones. */
  async issue(request: CertificateRequest): Promise<Certificate> {
    const x509 = this.#x509;
    const usages = x509.ExtendedKeyUsage;
    const serial = randomSerial();
    const certificate = await x509.X509CertificateGenerator.create(
      {
        subject: subject(request.commonName),
        issuer: this.#certificate.subjectName.toJSON(),
        serialNumber: serial,
        notBefore: request.notBefore,
        notAfter: request.notAfter,
        publicKey: request.publicKey,
        signingKey: this.#keys.privateKey,
        signingAlgorithm: SIGNING_ALGORITHM,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.ExtendedKeyUsageExtension(
            request.usage === 'SERVER' ? [usages.serverAuth] : [usages.clientAuth, usages.serverAuth],
          ),
          await x509.AuthorityKeyIdentifierExtension.create(this.#keys.publicKey, false, webcrypto),
          ...(request.names ? [new x509.SubjectAlternativeNameExtension(generalNames(request.names))] : []),
        ],
      },
      webcrypto,
    );
    return { pem: certificate.toString('pem'), serial: serial.toUpperCase() };
  }

  /** Makes a key and a server certificate that lives as long as the authority, unless it is told otherwise. */
  async issueServer(
    commonName: string,
    names?: AlternativeNames,
    { notBefore, notAfter }: { readonly notBefore: Date; readonly notAfter: Date } = this,
  ): Promise<ServerIdentity> {
    const keys = await generateKeys();
    const publicKey = await webcrypto.subtle.exportKey('spki', keys.publicKey);
    const { pem } = await this.issue({
      commonName,
      publicKey: new Uint8Array(publicKey),
      notBefore,
      notAfter,
      usage: 'SERVER',
      ...(names ? { names } : {}),
    });
    const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
    return { cert: pem, key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n` };
  }
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
}

async function authorityExtensions(x509: typeof X509, keys: webcrypto.CryptoKeyPair): Promise<X509.Extension[]> {
  return [
    new x509.BasicConstraintsExtension(true, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
  ];
}

function generalNames({ dns = [], ip = [] }: AlternativeNames): X509.JsonGeneralNames {
  return [
    ...dns.map((value) => ({ type: 'dns' as const, value })),
    ...ip.map((value) => ({ type: 'ip' as const, value })),
  ];
}

function subject(commonName: string): X509.JsonName {
  return [{ C: ['US'] }, { O: ['Google, Inc'] }, ...(commonName === '' ? [] : [{ CN: [commonName] }])];
}

// The first byte is 0x40 to 0x7f: positive and without leading zeros, so that every program prints it alike.
function randomSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return bytes.toString('hex');
}
