/** What can be changed while the emulator runs. */
export interface Settings {
  certificateLifetimeMs: number;
  tokenLifetimeMs: number;
  /** E-mail that the metadata server speaks for. */
  metadataPrincipal: string;
}
