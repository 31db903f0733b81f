/**
 * Lets a function print this process's warnings, which Node prints in words of its own, until the function that is returned
 * is called. What Node was told to keep quiet about stays so.
 */
export function printWarnings(print: (message: string) => void): () => void {
  const others = process.listeners('warning');
  if (others.length === 0) return () => {};
  const listener = (warning: Error & { readonly code?: string }): void => {
    if (!process.execArgv.includes(`--disable-warning=${warning.code}`)) print(warning.message);
  };
  process.removeAllListeners('warning').on('warning', listener);
  return () => {
    process.off('warning', listener);
    for (const each of others) process.on('warning', each);
  };
}
