import { createHash, type KeyObject, sign } from 'node:crypto';
import type { Extension, Name } from '@peculiar/asn1-x509';
import type { X509 } from './x509-library.ts';

/** Subject alternative names. */
export interface AlternativeNames {
  readonly dns?: readonly string[];
  readonly ip?: readonly string[];
}

/** What a certificate says. */
export interface CertificateContent {
  /** Sixteen bytes, the first from 0x40 to 0x7f: so it is positive, and every program prints it alike. */
  readonly serial: Buffer;
  readonly issuer: Name;
  readonly subject: Name;
  /** Times are cut to whole seconds, as X.509 has no finer ones. */
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Public key as DER, SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
  readonly extensions: readonly Extension[];
}

const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const COUNTRY = '2.5.4.6';
const ORGANISATION = '2.5.4.10';
const COMMON_NAME = '2.5.4.3';

/** Encodes and signs a certificate. Returns it as PEM. */
export function encodeCertificate(x509: X509, signingKey: KeyObject, content: CertificateContent): string {
  const { serial, issuer, subject, notBefore, notAfter, publicKey, extensions } = content;
  const signature = new x509.AlgorithmIdentifier({ algorithm: ECDSA_WITH_SHA256 });
  const tbsCertificate = new x509.TBSCertificate({
    version: x509.Version.v3,
    serialNumber: arrayBufferOf(serial),
    signature,
    issuer,
    subject,
    validity: new x509.Validity({ notBefore, notAfter }),
    subjectPublicKeyInfo: x509.AsnConvert.parse(publicKey, x509.SubjectPublicKeyInfo),
    extensions: new x509.Extensions([...extensions]),
  });
  const signed = Buffer.from(x509.AsnConvert.serialize(tbsCertificate));
  const certificate = new x509.Certificate({
    tbsCertificate,
    signatureAlgorithm: signature,
    signatureValue: arrayBufferOf(sign('sha256', signed, signingKey)),
  });
  const lines =
    Buffer.from(x509.AsnConvert.serialize(certificate))
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----'].join('\n');
}

/** Names somebody as Google does; the common name may be empty. */
export function nameOf(x509: X509, commonName: string): Name {
  const part = (type: string, value: object): InstanceType<X509['RelativeDistinguishedName']> =>
    new x509.RelativeDistinguishedName([
      new x509.AttributeTypeAndValue({ type, value: new x509.AttributeValue(value) }),
    ]);
  return new x509.Name([
    part(COUNTRY, { printableString: 'US' }),
    part(ORGANISATION, { utf8String: 'Google, Inc' }),
    ...(commonName === '' ? [] : [part(COMMON_NAME, { utf8String: commonName })]),
  ]);
}

/** The extensions that certificates of the emulator have. */
export class Extensions {
  readonly #x509: X509;

  constructor(x509: X509) {
    this.#x509 = x509;
  }

  basicConstraints(isAuthority: boolean): Extension {
    const { BasicConstraints, id_ce_basicConstraints } = this.#x509;
    return this.#extension(id_ce_basicConstraints, new BasicConstraints({ cA: isAuthority }), true);
  }

  authorityUsage(): Extension {
    const { KeyUsage, KeyUsageFlags, id_ce_keyUsage } = this.#x509;
    return this.#extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign), true);
  }

  usages(usage: 'CLIENT' | 'SERVER'): Extension {
    const { ExtendedKeyUsage, id_ce_extKeyUsage, id_kp_clientAuth, id_kp_serverAuth } = this.#x509;
    const usages = usage === 'SERVER' ? [id_kp_serverAuth] : [id_kp_clientAuth, id_kp_serverAuth];
    return this.#extension(id_ce_extKeyUsage, new ExtendedKeyUsage(usages));
  }

  subjectKey(publicKey: Uint8Array<ArrayBuffer>): Extension {
    const { SubjectKeyIdentifier, id_ce_subjectKeyIdentifier } = this.#x509;
    return this.#extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(this.#keyId(publicKey)));
  }

  authorityKey(publicKey: Uint8Array<ArrayBuffer>): Extension {
    const { AuthorityKeyIdentifier, KeyIdentifier, id_ce_authorityKeyIdentifier } = this.#x509;
    const keyIdentifier = new KeyIdentifier(this.#keyId(publicKey));
    return this.#extension(id_ce_authorityKeyIdentifier, new AuthorityKeyIdentifier({ keyIdentifier }));
  }

  alternativeNames({ dns = [], ip = [] }: AlternativeNames): Extension {
    const { GeneralName, SubjectAlternativeName, id_ce_subjectAltName } = this.#x509;
    const names = [
      ...dns.map((dNSName) => new GeneralName({ dNSName })),
      ...ip.map((iPAddress) => new GeneralName({ iPAddress })),
    ];
    return this.#extension(id_ce_subjectAltName, new SubjectAlternativeName(names));
  }

  #extension(extnID: string, value: object, critical = false): Extension {
    const { AsnConvert, Extension: Plain, OctetString } = this.#x509;
    return new Plain({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
  }

  /** As RFC 5280 proposes: the hash of the key itself. */
  #keyId(publicKey: Uint8Array<ArrayBuffer>): ArrayBuffer {
    const { subjectPublicKey } = this.#x509.AsnConvert.parse(publicKey, this.#x509.SubjectPublicKeyInfo);
    return arrayBufferOf(createHash('sha1').update(Buffer.from(subjectPublicKey)).digest());
  }
}

function arrayBufferOf(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
