import {
  BytesValue,
  type Change,
  type Clock,
  type SecretRef,
  type SecretsError,
  type SecretState,
  type SecretVersion,
  type Stage,
  TextValue,
  type Timer,
  toSecretsError,
} from '@keyplane/core'
import type { SealedFile } from './sealed-file.ts'

export interface PersistedAnswersParts {
  readonly file: SealedFile
  /** Answers kept at most; the one confirmed longest ago goes first. */
  readonly maxEntries: number
  /** For so long after the source last vouched for it, an answer covers failures. */
  readonly coversMs: number
  readonly clock: Clock
  readonly log: { info(facts: object, message: string): void; error(facts: object, message: string): void }
}

interface Kept {
  readonly ref: SecretRef
  version: SecretVersion
  /** Epoch milliseconds. */
  confirmedAtMs: number
}

/** An answer as it stands in the file. */
interface Stored extends Omit<Kept, 'version'> {
  readonly version: Omit<SecretVersion, 'value'> & { readonly text?: string; readonly base64?: string }
}

const everyMs = 30_000

const keyOf = ({ id, version, stage, as }: SecretRef): string =>
  JSON.stringify([id, version ?? '-', stage === 'current' && version === undefined ? '-' : (stage ?? '-'), as ?? '-'])

/** Failures that say nothing about the secret. */
const passes = ({ code, reason, upstream }: SecretsError): boolean =>
  ['unavailable', 'timeout', 'rate_limited', 'bad_response', 'source_misconfigured'].includes(code) ||
  (code === 'unauthenticated' &&
    (reason === 'expired_token' || /^Signature (?:expired|not yet current)\b/.test(upstream?.message ?? '')))

/** Failures after which nothing that is kept may be given. */
const ends = ({ code }: SecretsError): boolean =>
  ['secret_not_found', 'secret_deleted', 'version_not_found', 'access_denied', 'unauthenticated'].includes(code)

/** What the source answered, kept sealed on the disk, for a restart while the source is away. */
export class PersistedAnswers {
  readonly #parts: PersistedAnswersParts
  /** In the order of their confirmations. */
  readonly #kept = new Map<string, Kept>()
  #withdrawals = 0
  #isChanged = false
  #isFailing = false
  #timer: Timer | undefined

  constructor(parts: PersistedAnswersParts) {
    this.#parts = parts
    this.#load()
  }

  get size(): number {
    return this.#kept.size
  }

  /** Raised by each withdrawal and deletion: what was asked for before one may be what it took back. */
  get withdrawals(): number {
    return this.#withdrawals
  }

  /** The source gave this version to a call that began after so many withdrawals. */
  note(ref: SecretRef, version: SecretVersion, withdrawals: number = this.#withdrawals): void {
    if (version.lease || this.#parts.maxEntries === 0 || withdrawals !== this.#withdrawals) return
    const key = keyOf(ref)
    this.#kept.delete(key)
    this.#kept.set(key, { ref, version, confirmedAtMs: this.#parts.clock.nowMs() })
    const [oldest] = this.#kept.keys()
    if (oldest !== undefined && this.#kept.size > this.#parts.maxEntries) this.#kept.delete(oldest)
    this.#change()
  }

  /** The source told how the secret stands. */
  confirm({ id, versions, deletedAtMs }: SecretState, as: string | undefined): void {
    const nowMs = this.#parts.clock.nowMs()
    for (const [key, kept] of this.#kept) {
      if (kept.version.id !== id || kept.ref.as !== as) continue
      const stages = kept.version.version === undefined ? undefined : versions.get(kept.version.version)
      const wanted: Stage | undefined = kept.ref.stage ?? (kept.ref.version === undefined ? 'current' : undefined)
      const holds = stages !== undefined && (wanted === undefined || stages.includes(wanted))
      if (deletedAtMs !== undefined || stages === undefined) this.#kept.delete(key)
      // Another version is current: what is kept covers failures, but is not vouched for.
      else if (holds) kept.confirmedAtMs = nowMs
    }
    this.#change()
  }

  /** The source failed: where it said no, what is kept is given no more. */
  fail(ref: SecretRef, error: SecretsError): void {
    if (passes(error) || !ends(error)) return
    for (const [key, kept] of this.#kept)
      if (key === keyOf(ref) || (kept.version.id === ref.id && kept.ref.as === ref.as)) this.#kept.delete(key)
    this.#change()
  }

  /** The source pushed: what it withdrew or deleted is given no more, to no role and under no spelling. */
  change(change: Change): void {
    if (change.kind !== 'withdrawn' && change.kind !== 'deleted') return
    this.#withdrawals += 1
    for (const [key, { ref, version }] of this.#kept)
      if ([ref.id, version.id, version.name].includes(change.id)) this.#kept.delete(key)
    this.#change()
  }

  /** What covers this failure, if anything does. */
  cover(ref: SecretRef, error: SecretsError): SecretVersion | undefined {
    if (!passes(error)) return undefined
    const key = keyOf(ref)
    const kept = this.#kept.get(key) ?? this.#byId(ref)
    const fits = kept !== undefined && this.#parts.clock.nowMs() < kept.confirmedAtMs + this.#parts.coversMs
    return fits ? kept.version : undefined
  }

  /** Writes what changed, and ends. */
  close(): void {
    this.#timer?.cancel()
    this.#save()
  }

  /** Asked for by ARN where it was read by name. */
  #byId(ref: SecretRef): Kept | undefined {
    for (const kept of this.#kept.values())
      if (kept.version.id === ref.id && keyOf({ ...kept.ref, id: ref.id }) === keyOf(ref)) return kept
    return undefined
  }

  #change(): void {
    this.#isChanged = true
    this.#timer ??= this.#parts.clock.after(everyMs, () => {
      this.#timer = undefined
      this.#save()
    })
  }

  #load(): void {
    const { file, log } = this.#parts
    try {
      const text = file.read()
      if (text === undefined) return
      for (const stored of JSON.parse(text) as Stored[]) {
        const { ref, confirmedAtMs } = stored
        this.#kept.set(keyOf(ref), { ref, confirmedAtMs, version: versionOf(stored.version) })
      }
      log.info({ answers: this.#kept.size }, 'Answers of before the restart cover failures of the source.')
    } catch (thrown) {
      // Words of a parser could quote a value.
      log.error(
        { code: toSecretsError(thrown).code },
        `Nothing is taken from ${file.path}: it can't be read, was altered, or has another key.`,
      )
    }
  }

  #save(): void {
    const { file, log } = this.#parts
    if (!this.#isChanged) return
    try {
      file.write(JSON.stringify([...this.#kept.values()].map(storedOf)))
      this.#isChanged = false
      this.#isFailing = false
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException
      if (!this.#isFailing)
        log.error({ code }, `${file.path} can't be written; a restart will not have what changed since.`)
      this.#isFailing = true
    }
  }
}

const storedOf = ({ ref, confirmedAtMs, version: { value, ...facts } }: Kept): Stored => ({
  ref,
  confirmedAtMs,
  version: {
    ...facts,
    ...(value.kind === 'text' ? { text: value.reveal() } : { base64: Buffer.from(value.reveal()).toString('base64') }),
  },
})

const versionOf = ({ text, base64 = '', ...facts }: Stored['version']): SecretVersion =>
  Object.freeze({
    ...facts,
    value: text === undefined ? new BytesValue(Buffer.from(base64, 'base64')) : new TextValue(text),
  })
