import type { Clock, Outcome, Random, SecretRef, SecretState, SecretVersion, StateReader, Timer } from '@keyplane/core'
import { cacheKey, onFailure } from '@keyplane/secrets'
import { atMost } from '../tools/at-most.ts'
import { Remembered } from '../shared-cache/remembered.ts'

export interface ChangePollerOptions {
  readonly state: StateReader
  /** In which a change at the source is seen. */
  readonly intervalMs: number
  /** What was not asked for in this time is not in use. */
  readonly inUseMs: number
  readonly clock: Clock
  readonly random: Random
  /** Whether it is this process's turn to look at a reference, for so long. Default: it always is. */
  readonly claim?: ((ref: SecretRef, forMs: number) => Promise<boolean>) | undefined
  /** Told of what a look found. */
  readonly onChanged: (ref: SecretRef) => Promise<void> | void
  /** Told of what a reader met before it. */
  readonly onMet: (ref: SecretRef) => void
  /** Told of what can't be looked at. */
  readonly onProblem: (problem: string) => void
}

interface Used {
  readonly ref: SecretRef
  readonly version: string
  /** The one before: nodes that lag behind give it once more, which is no change. */
  readonly before?: string | undefined
  askedAtMs: number
  lookedAtMs: number
}

/** Of the interval: between two rounds, and for how long a look counts. Together less than one, with time to look. */
const roundRatio = 0.3
const lookRatio = 0.6
/** Of one secret each; a source that tells of many at once is asked for one lot after the other. */
const looksAtOnce = 4
const mostUsed = 10_000
/** Who may read a value may yet be refused its state. */
const refusedForMs = 600_000

/** Looks whether what is in use changed at its source, by evidence without values. */
export class ChangePoller {
  readonly #options: ChangePollerOptions
  readonly #used = new Remembered<Used>(mostUsed)
  #timer: Timer | undefined
  #closed = false

  constructor(options: ChangePollerOptions) {
    this.#options = options
    this.#schedule()
  }

  /** This version was given for a reference just now. */
  note(ref: SecretRef, { version, lease, confirmedAtMs }: SecretVersion): void {
    // What was made for this process changes for nobody.
    if (version === undefined || lease || ref.as !== undefined) return
    const { clock } = this.#options
    const nowMs = clock.monotonicMs()
    const known = this.#used.get(cacheKey(ref))
    // What a hop between gave is as old as it says; what the source itself gave was looked at just now.
    const vouchedAtMs = confirmedAtMs === undefined ? nowMs : nowMs - Math.max(0, clock.nowMs() - confirmedAtMs)
    const lookedAtMs = known?.version === version ? Math.max(known.lookedAtMs, vouchedAtMs) : vouchedAtMs
    const isOther = known !== undefined && known.version !== version
    const before = isOther ? known.version : known?.before
    this.#used.set(cacheKey(ref), { ref, version, before, askedAtMs: nowMs, lookedAtMs })
    if (isOther && version !== known.before) this.#options.onMet(ref)
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  #schedule(): void {
    const { clock, random, intervalMs } = this.#options
    const delayMs = intervalMs * roundRatio * (0.8 + random.unit() * 0.2)
    this.#timer = clock.after(delayMs, () => {
      void this.#round().finally(() => {
        if (!this.#closed) this.#schedule()
      })
    })
  }

  async #round(): Promise<void> {
    const { state, clock, intervalMs, inUseMs } = this.#options
    const nowMs = clock.monotonicMs()
    const due: Used[] = []
    for (const used of this.#used.values()) {
      if (nowMs - used.askedAtMs > inUseMs) this.#used.delete(cacheKey(used.ref))
      else if (nowMs - used.lookedAtMs >= intervalMs * lookRatio) due.push(used)
    }
    const maxRefs = Math.max(1, state.maxRefs)
    const chunks = Array.from({ length: Math.ceil(due.length / maxRefs) }, (_, index) =>
      due.slice(index * maxRefs, (index + 1) * maxRefs),
    )
    await atMost(maxRefs > 1 ? 1 : looksAtOnce, chunks, (chunk) => this.#look(chunk))
  }

  async #look(chunk: readonly Used[]): Promise<void> {
    const { state, clock } = this.#options
    const turns = await Promise.all(chunk.map((used) => this.#isOurs(used.ref)))
    const ours = chunk.filter((_, index) => turns[index])
    if (ours.length === 0 || this.#closed) return
    for (const used of ours) used.lookedAtMs = clock.monotonicMs()
    const outcomes = await state.describe(ours.map(({ ref }) => ref)).catch(() => [])
    await Promise.all(ours.map((used, index) => this.#judge(used, outcomes[index])))
  }

  async #judge(used: Used, outcome: Outcome<SecretState> | undefined): Promise<void> {
    if (this.#closed) return
    const effect = outcome?.ok ? undefined : outcome && onFailure(outcome.error)
    // The next turn is another process's, which may have a way to the source.
    if (this.#options.claim && (!outcome || effect === 'serve_stale')) used.lookedAtMs += this.#options.intervalMs
    if (!outcome) return
    if (effect === 'suspend') this.#refused(used)
    const changed = outcome.ok ? !isStill(used, outcome.value) : effect === 'evict'
    const key = cacheKey(used.ref)
    // A reader may have seen it since.
    if (!changed || this.#used.get(key)?.version !== used.version) return
    this.#used.delete(key)
    await this.#options.onChanged(used.ref)
  }

  #refused(used: Used): void {
    used.lookedAtMs += refusedForMs
    this.#options.onProblem('Changes can’t be looked for: the source refuses how a secret stands to who may read it.')
  }

  async #isOurs(ref: SecretRef): Promise<boolean> {
    const { claim, intervalMs } = this.#options
    try {
      return (await claim?.(ref, intervalMs * lookRatio)) ?? true
    } catch {
      return true
    }
  }
}

const isStill = ({ ref, version }: Used, { versions, deletedAtMs }: SecretState): boolean => {
  const stages = versions.get(version)
  if (deletedAtMs !== undefined || !stages) return false
  return ref.version !== undefined || stages.includes(ref.stage ?? 'current')
}
