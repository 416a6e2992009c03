import { type Clock, type SecretsError, type Timer, toSecretsError } from '@keyplane/core'

export interface DueWorkParts<T> {
  readonly clock: Clock
  /** What is due, the most urgent first. What is being done already may be among it. */
  readonly find: () => Promise<readonly T[]>
  readonly idOf: (item: T) => string
  /** For how long something that was found is not to be done yet, in milliseconds. Default: not at all. */
  readonly waitMs?: (item: T) => number
  /** Does what can be done; gives how soon to look again, in milliseconds. */
  readonly act: (item: T, ending: AbortSignal) => Promise<number>
  /** How often it looks by itself. */
  readonly everyMs: number
  /** So soon it looks again where something failed. Default: `everyMs`. */
  readonly afterFailureMs?: number
  /** Items at once, those not counted that take long. Default 4. */
  readonly atOnce?: number
  /** Told what `find` and `act` failed with. */
  readonly onError: (error: SecretsError) => void
}

/** How long it waits for what is under way, once it is stopped: longer than what heeds its signal takes. */
const stopWithinMs = 5_000
/** What takes longer leaves its place to another: a target that hangs must not hold up the others. */
const longMs = 1_000

/**
 * Does what is due, some of it at once and each once at a time, and looks again at its time, or at once where it is woken.
 * What takes long holds up nothing but itself.
 */
export class DueWork<T> {
  readonly #parts: DueWorkParts<T>
  readonly #ending = new AbortController()
  readonly #underWay = new Map<string, Promise<void>>()
  /** Those of them that take long. */
  readonly #long = new Set<string>()
  /** Found under way by a look that somebody asked for: it may be due for what that one knows of. */
  readonly #again = new Set<string>()
  #queue: T[] = []
  #timer: Timer | undefined
  #nextLookMs = Number.POSITIVE_INFINITY
  #looking: Promise<void> | undefined
  #isWoken = false
  #isAsked = false

  constructor(parts: DueWorkParts<T>) {
    this.#parts = parts
  }

  /** Looks at once: there may be something new. */
  wake(): void {
    this.#isAsked = true
    this.#wake()
  }

  /** Begins nothing more, and tells what is under way to end; resolves when it has, after five seconds at the latest. */
  async stop(): Promise<void> {
    this.#ending.abort()
    this.#timer?.cancel()
    this.#queue = []
    let late: Timer | undefined
    const tooLong = new Promise<void>((resolve) => {
      late = this.#parts.clock.after(stopWithinMs, resolve, { keepsAlive: true })
    })
    await Promise.race([tooLong, Promise.all([this.#looking, ...this.#underWay.values()])])
    late?.cancel()
  }

  #wake(): void {
    if (this.#ending.signal.aborted) return
    this.#isWoken = true
    this.#looking ??= this.#look()
  }

  async #look(): Promise<void> {
    const { find, everyMs, afterFailureMs = everyMs, onError } = this.#parts
    this.#timer?.cancel()
    this.#nextLookMs = Number.POSITIVE_INFINITY
    let againMs = everyMs
    // Again, where it was woken meanwhile: what was new then may not have been seen.
    while (this.#isWoken && !this.#ending.signal.aborted) {
      const isAsked = this.#isAsked
      this.#isWoken = false
      this.#isAsked = false
      try {
        this.#sort(await find(), isAsked)
        this.#fill()
      } catch (error) {
        this.#isAsked ||= isAsked
        againMs = afterFailureMs
        onError(toSecretsError(error))
      }
    }
    this.#looking = undefined
    this.#lookIn(againMs)
  }

  /** What is to be done at once is queued; the rest is looked at again, at its time or once it is done. */
  #sort(found: readonly T[], isAsked: boolean): void {
    const { idOf, waitMs = () => 0 } = this.#parts
    this.#queue = []
    for (const item of found) {
      const [id, ms] = [idOf(item), waitMs(item)]
      if (!this.#underWay.has(id) && ms <= 0) this.#queue.push(item)
      else if (!this.#underWay.has(id)) this.#lookIn(ms)
      else if (isAsked) this.#again.add(id)
    }
  }

  #fill(): void {
    const { atOnce = 4, idOf } = this.#parts
    while (this.#underWay.size - this.#long.size < atOnce && !this.#ending.signal.aborted) {
      const item = this.#queue.shift()
      if (item === undefined) return
      this.#underWay.set(idOf(item), this.#do(item))
    }
  }

  async #do(item: T): Promise<void> {
    const { clock, act, idOf, everyMs, afterFailureMs = everyMs, onError } = this.#parts
    const id = idOf(item)
    const long = clock.after(longMs, () => {
      this.#long.add(id)
      this.#fill()
    })
    try {
      this.#lookIn(await act(item, this.#ending.signal))
    } catch (error) {
      // One that is damaged must not hold up the others.
      onError(toSecretsError(error))
      this.#lookIn(afterFailureMs)
    }
    long.cancel()
    this.#long.delete(id)
    this.#underWay.delete(id)
    if (this.#again.delete(id)) this.#wake()
    this.#fill()
  }

  /** Unless it looks sooner anyway. */
  #lookIn(ms: number): void {
    const { clock } = this.#parts
    const atMs = clock.monotonicMs() + ms
    if (atMs >= this.#nextLookMs || this.#ending.signal.aborted) return
    this.#nextLookMs = atMs
    this.#timer?.cancel()
    this.#timer = clock.after(ms, () => this.#wake(), { keepsAlive: true })
  }
}
