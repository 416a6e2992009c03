/** A login that was refused, or that may be or have been. Nothing of a credential is in it but hashes. */
export interface LoginRefusal {
  /** Of the attempt. */
  readonly id: string
  /** Whom the login was to: refusals are told apart by where they count. */
  readonly places: readonly string[]
  /** The same for the same credentials. */
  readonly fingerprint: string
  /** In epoch milliseconds: when it ended, or else began. */
  readonly atMs: number
  /** `unknown`: it was sent, and there was no answer. Nothing: it has begun; whoever began it may be gone. */
  readonly end?: 'refused' | 'unknown'
  /** It was tried before its time, because somebody asked for that. */
  readonly isLifted?: boolean
  /** Why, in OpenBao's failures' words. */
  readonly reason?: string
}

/**
 * Where refused logins by AppRole are kept, for all that show OpenBao the same role: together they lock it. A program keeps
 * them in its memory; programs that share a role do well to share a ledger as well.
 */
export interface RefusalLedger {
  /**
   * Replaces what is kept of a role by what `step` makes of it, as one act among all that share the ledger, and gives what
   * `step` gave. `step` is pure, may be called again where another was quicker, and gives the same array where nothing
   * changes. What is older than `forgottenAfterMs` is of no use any more.
   * @param role a hash.
   */
  update<T extends { readonly kept: readonly LoginRefusal[] }>(
    role: string,
    step: (kept: readonly LoginRefusal[]) => T,
  ): Promise<T>
}

/** In memory. */
export class MemoryRefusals implements RefusalLedger {
  /** By role, ids of attempts of which a shared ledger does not know what is kept here. */
  readonly untold: Map<string, Set<string>> = new Map()
  readonly #kept = new Map<string, readonly LoginRefusal[]>()

  async update<T extends { readonly kept: readonly LoginRefusal[] }>(
    role: string,
    step: (kept: readonly LoginRefusal[]) => T,
  ): Promise<T> {
    const result = step(this.of(role))
    this.keep(role, result.kept)
    return result
  }

  of(role: string): readonly LoginRefusal[] {
    return this.#kept.get(role) ?? []
  }

  keep(role: string, refusals: readonly LoginRefusal[]): void {
    if (refusals.length > 0) this.#kept.set(role, refusals)
    else this.#kept.delete(role)
  }
}
