const understanding = new WeakSet<object>();

/** Notes that the server behind a socket wants to know how the database client has reached us. */
export function wantsClientProtocol(socket: object): void {
  understanding.add(socket);
}

/** Whether it does. A local listener knows how its clients come; in process there is nothing to be told. */
export function isClientProtocolWanted(socket: object): boolean {
  return understanding.has(socket);
}
