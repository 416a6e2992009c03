import type { ManyReader, SecretRef } from '@keyplane/core'
import type { Entry } from './entry.ts'

export interface HerdsParts {
  readonly many: ManyReader
  /** All calls to the source, those that are being decided about among them. */
  readonly callsUnderWay: () => number
  /** Up to so many further entries that have expired and are not being asked for; they will be. */
  readonly takeExpired: (count: number) => readonly Entry[]
  /** Sets off a refresh that nobody waits for. */
  readonly refreshBehind: (entry: Entry) => void
}

/** Whether a source reads it together with others: the current value, by its own identity. */
export const isBatchable = ({ version, stage, as }: SecretRef): boolean =>
  version === undefined && as === undefined && (stage === undefined || stage === 'current')

/**
 * An expired answer is checked without reading it. Where one falls due while others do, or while the source is being
 * asked, reading them together costs fewer calls; what else has expired comes along, up to a full batch.
 */
export class Herds {
  readonly #parts: HerdsParts
  #due: { readonly entry: Entry; readonly resolve: (isOneOfMany: boolean) => void }[] = []
  /** Taken along: they are read with the others, and take nothing along themselves. */
  readonly #joining = new Set<Entry>()

  constructor(parts: HerdsParts) {
    this.#parts = parts
  }

  /** Whether to read the entry, together with others, in place of checking it by itself. */
  async isOneOfMany(entry: Entry): Promise<boolean> {
    const { many } = this.#parts
    if (!isBatchable(entry.ref) || !(many.savesCalls?.() ?? true)) return false
    if (this.#joining.delete(entry)) return true
    return new Promise((resolve) => {
      if (this.#due.push({ entry, resolve }) === 1) setImmediate(() => this.#decide())
    })
  }

  /** Sets off a refresh of each, which reads them together. */
  refreshTogether(entries: readonly Entry[]): void {
    if (entries.length === 0) return
    for (const entry of entries) {
      this.#joining.add(entry)
      this.#parts.refreshBehind(entry)
    }
    // By then each of them has been asked about, unless it was to be read anyway.
    setImmediate(() => {
      for (const entry of entries) this.#joining.delete(entry)
    })
  }

  #decide(): void {
    const due = this.#due
    const { many, callsUnderWay, takeExpired } = this.#parts
    this.#due = []
    const isHerd = due.length > 1 || callsUnderWay() > due.length
    const room = isHerd ? (many.maxRefs - (due.length % many.maxRefs)) % many.maxRefs : 0
    const taken = takeExpired(room)
    const areMany = due.length + taken.length > 1
    this.refreshTogether(taken)
    for (const { resolve } of due) resolve(areMany)
  }
}
