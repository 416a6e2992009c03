/** Chance, passed in, so that jitter and identifiers can be seeded in tests. */
export interface Random {
  /** Uniform in [0, 1); not for secrets. */
  unit(): number
  /** Cryptographically strong bytes. */
  bytes(length: number): Uint8Array
}
