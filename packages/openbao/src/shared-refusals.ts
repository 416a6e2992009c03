import type { Clock } from '@keyplane/core'
import type { LoginRefusal, MemoryRefusals, RefusalLedger } from './refusal-ledger.ts'
import { withinBounds } from './within-bounds.ts'

export interface SharedRefusalsParts {
  readonly shared: RefusalLedger
  /** This process's own. */
  readonly own: MemoryRefusals
  readonly clock: Clock
}

/** A login waits for it, and callers for the login. */
const patienceMs = 1_000

/**
 * A ledger that may be away: then what this process knows goes on to hold, what it met so far and what it meets; the
 * shared one is told of that afterwards.
 */
export class SharedRefusals implements RefusalLedger {
  readonly #parts: SharedRefusalsParts

  constructor(parts: SharedRefusalsParts) {
    this.#parts = parts
  }

  async update<T extends { readonly kept: readonly LoginRefusal[] }>(
    role: string,
    step: (kept: readonly LoginRefusal[]) => T,
  ): Promise<T> {
    const { shared, own, clock } = this.#parts
    const untold = own.untold.has(role) ? own.of(role) : []
    const known = new Set(untold.map(({ id }) => id))
    try {
      const asked = shared.update(role, (kept) =>
        step(untold.length === 0 ? kept : [...kept.filter(({ id }) => !known.has(id)), ...untold]),
      )
      const deadlineAtMs = clock.monotonicMs() + patienceMs
      const waitingFor = 'The ledger of refused logins'
      const result = await withinBounds(asked, { deadlineAtMs }, { clock, source: 'ledger', waitingFor })
      own.untold.delete(role)
      own.keep(role, result.kept)
      return result
    } catch {
      own.untold.add(role)
      return own.update(role, step)
    }
  }
}
