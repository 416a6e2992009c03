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
    const untold = own.untold.get(role) ?? new Set()
    const isUntold = ({ id }: LoginRefusal): boolean => untold.has(id)
    try {
      const asked = shared.update(role, (kept) =>
        step(untold.size === 0 ? kept : [...kept.filter((each) => !isUntold(each)), ...own.of(role).filter(isUntold)]),
      )
      const deadlineAtMs = clock.monotonicMs() + patienceMs
      const waitingFor = 'The ledger of refused logins'
      const result = await withinBounds(asked, { deadlineAtMs }, { clock, source: 'ledger', waitingFor })
      own.untold.delete(role)
      own.keep(role, result.kept)
      return result
    } catch {
      const before = own.of(role)
      const result = await own.update(role, step)
      // Of what the others met it has copies, which are outdated by then.
      const met = result.kept.filter((each) => isUntold(each) || !before.includes(each))
      own.untold.set(role, new Set(met.map(({ id }) => id)))
      return result
    }
  }
}
