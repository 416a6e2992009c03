import type { Change } from '@keyplane/core'

/** A slower reader than this is told that it missed something. */
const maxWaiting = 1_000

interface Reader {
  readonly ids: readonly string[] | 'all'
  waiting: Change[]
  wake: () => void
}

/** Tells readers what changed. */
export class MemoryChanges {
  readonly #readers = new Set<Reader>()
  #ended = false

  tell(change: Exclude<Change, { readonly kind: 'resync' }>): void {
    for (const reader of this.#readers) {
      if (reader.ids !== 'all' && !reader.ids.includes(change.id)) continue
      if (reader.waiting.length >= maxWaiting) reader.waiting = [{ kind: 'resync' }]
      else reader.waiting.push(change)
      reader.wake()
    }
  }

  /** Changes from this call on, until the signal is aborted or all reading is ended. */
  watch(ids: readonly string[] | 'all', signal: AbortSignal): AsyncIterable<Change> {
    const reader: Reader = { ids, waiting: [], wake: () => {} }
    this.#readers.add(reader)
    signal.addEventListener('abort', () => reader.wake(), { once: true })
    return this.#read(reader, signal)
  }

  end(): void {
    this.#ended = true
    for (const reader of this.#readers) reader.wake()
  }

  async *#read(reader: Reader, signal: AbortSignal): AsyncGenerator<Change> {
    try {
      while (!signal.aborted && !this.#ended) {
        const next = reader.waiting.shift()
        if (next) yield next
        else
          await new Promise<void>((resolve) => {
            reader.wake = resolve
          })
      }
    } finally {
      this.#readers.delete(reader)
    }
  }
}
