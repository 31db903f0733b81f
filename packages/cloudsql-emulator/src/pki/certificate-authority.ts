import { generateKeyPair as generateKeyPairLater, type KeyObject, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { Name } from '@peculiar/asn1-x509';
import { type AlternativeNames, Extensions, encodeCertificate, nameOf } from './certificate-encoding.ts';
import type { X509 } from './x509-library.ts';

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

interface Keys {
  readonly privateKey: KeyObject;
  /** As DER, SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
}

const DAY_MS = 86_400_000;
const generateKeyPair = promisify(generateKeyPairLater);

/** A certificate authority of the emulator's own. Its key is made at run time and never leaves the process. */
export class CertificateAuthority {
  readonly #x509: X509;
  readonly #extensions: Extensions;
  readonly #keys: Keys;
  readonly #name: Name;
  readonly #issuer: CertificateAuthority | undefined;
  /** The authority's own certificate. */
  readonly pem: string;
  readonly serial: string;
  readonly commonName: string;
  readonly notBefore: Date;
  readonly notAfter: Date;

  private constructor(x509: X509, keys: Keys, commonName: string, issuer?: CertificateAuthority) {
    this.#x509 = x509;
    this.#extensions = new Extensions(x509);
    this.#keys = keys;
    this.#name = nameOf(x509, commonName);
    this.#issuer = issuer;
    this.commonName = commonName;
    this.notBefore = issuer?.notBefore ?? wholeSecond(Date.now() - DAY_MS);
    this.notAfter = issuer?.notAfter ?? wholeSecond(Date.now() + 3650 * DAY_MS);
    const { serial, text } = newSerial();
    this.serial = text;
    const signer = issuer ?? this;
    this.pem = encodeCertificate(x509, signer.#keys.privateKey, {
      serial,
      issuer: signer.#name,
      subject: this.#name,
      notBefore: this.notBefore,
      notAfter: this.notAfter,
      publicKey: keys.publicKey,
      extensions: [
        this.#extensions.basicConstraints(true),
        this.#extensions.authorityUsage(),
        this.#extensions.subjectKey(keys.publicKey),
        ...(issuer ? [this.#extensions.authorityKey(issuer.#keys.publicKey)] : []),
      ],
    });
  }

  /** Makes an authority with a self-signed certificate that is valid for ten years. */
  static async create(x509: X509, commonName: string): Promise<CertificateAuthority> {
    return new CertificateAuthority(x509, await generateKeys(), commonName);
  }

  /** Makes an authority below this one, that lives as long. */
  async createIntermediate(commonName: string): Promise<CertificateAuthority> {
    return new CertificateAuthority(this.#x509, await generateKeys(), commonName, this);
  }

  /** Certificates of this authority and of those above it, nearest first. */
  get chain(): readonly string[] {
    return [this.pem, ...(this.#issuer?.chain ?? [])];
  }

  /** Signs a certificate. */
  issue({ commonName, usage, names, ...content }: CertificateRequest): Certificate {
    const { serial, text } = newSerial();
    const pem = encodeCertificate(this.#x509, this.#keys.privateKey, {
      ...content,
      serial,
      issuer: this.#name,
      subject: nameOf(this.#x509, commonName),
      extensions: [
        this.#extensions.basicConstraints(false),
        this.#extensions.usages(usage),
        this.#extensions.authorityKey(this.#keys.publicKey),
        ...(names ? [this.#extensions.alternativeNames(names)] : []),
      ],
    });
    return { pem, serial: text.toUpperCase() };
  }

  /** Makes a key and a server certificate that lives as long as the authority, unless it is told otherwise. */
  async issueServer(
    commonName: string,
    names?: AlternativeNames,
    { notBefore, notAfter }: { readonly notBefore: Date; readonly notAfter: Date } = this,
  ): Promise<ServerIdentity> {
    const { publicKey, privateKey } = await generateKeys();
    const request = { commonName, publicKey, notBefore, notAfter, ...(names ? { names } : {}) };
    const { pem } = this.issue({ ...request, usage: 'SERVER' });
    return { cert: pem, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
  }
}

async function generateKeys(): Promise<Keys> {
  const { publicKey, privateKey } = await generateKeyPair('ec', { namedCurve: 'P-256' });
  return { privateKey, publicKey: new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })) };
}

function newSerial(): { readonly serial: Buffer; readonly text: string } {
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x3f) | 0x40;
  return { serial, text: serial.toString('hex') };
}

function wholeSecond(ms: number): Date {
  return new Date(Math.floor(ms / 1000) * 1000);
}
