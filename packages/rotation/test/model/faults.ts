import { SecretsError } from '@keyplane/core'

/** What becomes of one call. */
export type Fate = 'fine' | 'crash before' | 'crash after' | 'fail before' | 'fail after' | 'refuse'
export const fates: readonly Fate[] = ['fine', 'crash before', 'crash after', 'fail before', 'fail after', 'refuse']

/** The process was killed: nothing that it would have done comes. */
export class Killed extends Error {}

/** Decides of each call of a run whether it happens, and whether anybody hears of it. */
export class Faults {
  readonly #fates: Fate[]
  calls = 0
  deaths = 0
  isDead = false

  constructor(fates: readonly Fate[]) {
    this.#fates = [...fates]
  }

  get areOver(): boolean {
    return this.#fates.length === 0
  }

  /** A new process takes over. */
  restart(): void {
    this.isDead = false
  }

  async call<T>(act: () => Promise<T>, refuse?: () => T): Promise<T> {
    if (this.isDead) throw new Killed()
    this.calls += 1
    const fate = this.#fates.shift() ?? 'fine'
    if (fate === 'refuse' && refuse) return refuse()
    if (fate === 'crash before') this.#die()
    if (fate === 'fail before') throw new SecretsError('unavailable', 'It is down.', { reason: 'refused' })
    const result = await act()
    if (fate === 'crash after') this.#die()
    if (fate === 'fail after') throw new SecretsError('timeout', 'The answer was lost.', { reason: 'hung' })
    return result
  }

  #die(): never {
    this.deaths += 1
    this.isDead = true
    throw new Killed()
  }
}
