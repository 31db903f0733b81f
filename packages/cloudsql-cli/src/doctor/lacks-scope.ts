/** Whether an API refuses a token for its scopes, and not for what the principal may do. */
export function lacksScope({ message }: { readonly message: string }): boolean {
  return message.includes('insufficient authentication scopes');
}
