import type * as Schema from '@peculiar/asn1-schema';
import type * as X509Schema from '@peculiar/asn1-x509';

/** The library that knows how certificates are encoded. */
export type X509 = typeof X509Schema & Pick<typeof Schema, 'AsnConvert' | 'OctetString'>;

/** Loads the library. It costs some 40 ms, so it is loaded while the database starts. */
export async function loadX509(): Promise<X509> {
  const [{ AsnConvert, OctetString }, schema] = await Promise.all([
    import('@peculiar/asn1-schema'),
    import('@peculiar/asn1-x509'),
  ]);
  return { ...schema, AsnConvert, OctetString };
}
