import {
  type Change,
  type Clock,
  type SecretRef,
  type SecretsError,
  type SecretState,
  type SecretVersion,
  type Timer,
  toSecretsError,
} from '@keyplane/core'
import type { AnswersFile } from './answers-file.ts'
import { ends, passes } from './failures.ts'
import { isOf, isSame, type KeptAnswer, keyOf, ownerOf, standing } from './kept-answer.ts'

export interface PersistedAnswersParts {
  readonly file: AnswersFile
  /** Answers kept at most; the one confirmed longest ago goes first. */
  readonly maxEntries: number
  /** For so long after the source last vouched for it, an answer covers failures. */
  readonly coversMs: number
  readonly clock: Clock
  readonly log: { info(facts: object, message: string): void; error(facts: object, message: string): void }
}

const everyMs = 30_000
/** What may be given no more is not to be found on the disk either. */
const droppedMs = 500

/** What the source answered, kept sealed on the disk, for a restart while the source is away. */
export class PersistedAnswers {
  readonly #parts: PersistedAnswersParts
  /** In the order of their confirmations. */
  readonly #kept = new Map<string, KeptAnswer>()
  #account: string | undefined
  #withdrawals = 0
  #isChanged = false
  #isFailing = false
  #isClosed = false
  #timer: Timer | undefined
  #writesAtMs = Number.POSITIVE_INFINITY
  #saving: Promise<void> = Promise.resolve()

  constructor(parts: PersistedAnswersParts) {
    this.#parts = parts
    this.#load()
  }

  get size(): number {
    return this.#kept.size
  }

  /** Whose credentials the agent has: what another account's read, or may have read, is given no more. */
  bindTo(account: string): void {
    this.#account = account
    const answers = this.#drop((kept) => (ownerOf(kept) ?? account) !== account)
    const { file, log } = this.#parts
    if (answers > 0)
      log.info({ answers }, `Nothing is taken from ${file.path} that another account's credentials read.`)
  }

  /** Raised by each withdrawal and deletion: what was asked for before one may be what it took back. */
  get withdrawals(): number {
    return this.#withdrawals
  }

  /** The source gave this version to a call that began after so many withdrawals. */
  note(ref: SecretRef, version: SecretVersion, withdrawals: number = this.#withdrawals): void {
    if (version.lease || this.#parts.maxEntries === 0 || withdrawals !== this.#withdrawals) return
    const { id: spelling, ...asked } = ref
    // A name that has become another secret's: the one that had it is gone.
    this.#drop((kept) => kept.version.id !== version.id && kept.asked.as === ref.as && kept.spellings.has(spelling))
    const key = keyOf(version.id, asked)
    const known = this.#kept.get(key)
    const spellings = new Set(known?.spellings).add(spelling)
    const account = this.#account === undefined ? {} : { account: this.#account }
    const noted = {
      asked: known?.asked ?? asked,
      spellings,
      version,
      confirmedAtMs: this.#parts.clock.nowMs(),
      ...account,
    }
    if (known && isSame(known, noted)) this.#confirmed(key, known)
    else this.#put(key, noted)
    this.#trim()
    this.#change()
  }

  /** The source told how the secret stands. */
  confirm(state: SecretState, as: string | undefined): void {
    const meant = [...this.#kept].filter(([, { version, asked }]) => version.id === state.id && asked.as === as)
    for (const [key, kept] of meant) {
      const stands = standing(kept, state)
      if (stands === 'gone') this.#drop((other) => other === kept)
      // Where another version is current, what is kept covers failures, but is not vouched for.
      else if (stands === 'holds') this.#confirmed(key, kept)
    }
    this.#change()
  }

  /** The source failed: where it said no, no version of the secret is given any more, under no spelling. */
  fail(ref: SecretRef, error: SecretsError): void {
    if (!ends(error)) return
    const { id: spelling, ...asked } = ref
    const isMeant = (kept: KeptAnswer): boolean =>
      error.code !== 'version_not_found' || keyOf(spelling, kept.asked) === keyOf(spelling, asked)
    const ids = this.#idsOf(spelling)
    this.#drop((kept) => kept.asked.as === ref.as && ids.has(kept.version.id) && isMeant(kept))
  }

  /** The source pushed: what it withdrew or deleted is given no more, to no role and under no spelling. */
  change(change: Change): void {
    if (change.kind !== 'withdrawn' && change.kind !== 'deleted') return
    this.#withdrawals += 1
    const ids = this.#idsOf(change.id)
    this.#drop((kept) => ids.has(kept.version.id))
  }

  /** What covers this failure, if anything does. */
  cover(ref: SecretRef, error: SecretsError): SecretVersion | undefined {
    if (!passes(error)) return undefined
    const { id: spelling, ...asked } = ref
    const kept = this.#kept.get(keyOf(spelling, asked)) ?? this.#spelled(spelling, asked)
    const fits = kept !== undefined && this.#parts.clock.nowMs() < kept.confirmedAtMs + this.#parts.coversMs
    return fits ? kept.version : undefined
  }

  /** Resolves when nothing is being written. */
  written(): Promise<void> {
    return this.#saving
  }

  /** Writes what changed, and ends. */
  close(): Promise<void> {
    this.#isClosed = true
    this.#timer?.cancel()
    return this.#save()
  }

  #spelled(spelling: string, asked: Omit<SecretRef, 'id'>): KeptAnswer | undefined {
    const key = keyOf(spelling, asked)
    for (const kept of this.#kept.values())
      if (kept.spellings.has(spelling) && keyOf(spelling, kept.asked) === key) return kept
    return undefined
  }

  /** Of the secrets that may be meant: one of their answers is enough to know a spelling. */
  #idsOf(spelling: string): ReadonlySet<string> {
    return new Set([...this.#kept.values()].filter((kept) => isOf(kept, spelling)).map(({ version }) => version.id))
  }

  #confirmed(key: string, kept: KeptAnswer): void {
    kept.confirmedAtMs = this.#parts.clock.nowMs()
    this.#put(key, kept)
  }

  /** As the one confirmed last. */
  #put(key: string, kept: KeptAnswer): void {
    this.#kept.delete(key)
    this.#kept.set(key, kept)
  }

  /** How many these were; they leave the disk at once. */
  #drop(isDropped: (kept: KeptAnswer) => boolean): number {
    const before = this.size
    for (const [key, kept] of this.#kept) if (isDropped(kept)) this.#kept.delete(key)
    if (this.size < before) this.#change(droppedMs)
    return before - this.size
  }

  #trim(): void {
    for (const key of this.#kept.keys()) {
      if (this.#kept.size <= this.#parts.maxEntries) return
      this.#kept.delete(key)
    }
  }

  #change(withinMs: number = everyMs): void {
    this.#isChanged = true
    const { clock } = this.#parts
    const writesAtMs = clock.monotonicMs() + withinMs
    if (this.#isClosed || this.#writesAtMs <= writesAtMs) return
    this.#timer?.cancel()
    this.#writesAtMs = writesAtMs
    this.#timer = clock.after(withinMs, () => {
      this.#writesAtMs = Number.POSITIVE_INFINITY
      void this.#save()
    })
  }

  #load(): void {
    const { file, log } = this.#parts
    const refuse = (path: string, thrown: unknown): void => {
      // Words of a parser could quote a value.
      const { code, reason } = toSecretsError(thrown)
      const why =
        reason === 'other_binding'
          ? 'it is of another source, endpoint or region'
          : "it can't be read, was altered, or has another key"
      log.error({ code }, `Nothing is taken from ${path}: ${why}.`)
    }
    try {
      const answers = file.load(refuse)
      if (answers === undefined) return
      for (const kept of answers) this.#kept.set(keyOf(kept.version.id, kept.asked), kept)
      this.#trim()
      log.info({ answers: this.size }, 'Answers of before the restart cover failures of the source.')
    } catch (thrown) {
      refuse(file.path, thrown)
    }
  }

  /** One after the other: a draft has one writer. */
  #save(): Promise<void> {
    this.#saving = this.#saving.then(() => this.#write())
    return this.#saving
  }

  async #write(): Promise<void> {
    const { file, log } = this.#parts
    if (!this.#isChanged) return
    this.#isChanged = false
    try {
      await file.save([...this.#kept.values()])
      this.#isFailing = false
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException
      if (!this.#isFailing)
        log.error({ code }, `${file.path} can't be written; a restart will not have what changed since.`)
      this.#isFailing = true
      this.#change()
    }
  }
}
