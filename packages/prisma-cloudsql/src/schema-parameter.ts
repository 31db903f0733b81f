/**
 * Takes Prisma's own parameter `schema` out of a connection URL: the binding knows all others. Not `new URL`, which
 * refuses a user without a host.
 */
export function takeSchema(url: string): { readonly bare: string; readonly schema: string | undefined } {
  const [start, ...rest] = url.split('?');
  const query = new URLSearchParams(rest.join('?'));
  const schema = query.get('schema') || undefined;
  query.delete('schema');
  return { bare: query.size > 0 ? `${start}?${query}` : String(start), schema };
}
