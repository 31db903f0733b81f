import type * as X509 from '@peculiar/x509';

/** Loads the X.509 library. It costs some 60 ms, so it is loaded while the database starts. */
export async function loadX509(): Promise<typeof X509> {
  // The library throws on load unless this one has run before it.
  await import('reflect-metadata');
  return await import('@peculiar/x509');
}
