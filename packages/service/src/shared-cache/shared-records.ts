import {
  type Change,
  type Clock,
  sameValue,
  type SecretRef,
  type SecretsError,
  type SecretVersion,
} from '@keyplane/core'
import { cacheKey } from '@keyplane/secrets'
import type { Entries } from './entries.ts'
import { isText } from './is-text.ts'
import { forgottenMoment, type Moment, readMoment } from './moment.ts'
import type { Place, SaidRecord, Sealer } from './record.ts'
import { Remembered } from './remembered.ts'

export interface SharedRecordsOptions {
  readonly environment: string
  /** What tells this source from every other one of the environment, and from itself when it was configured otherwise. */
  readonly source: string
  readonly entries: Entries
  readonly sealer: Sealer
  /** Tells this process's messages from the others'. */
  readonly replica: string
  readonly ttlMs: number
  readonly maxStaleMs: number
  readonly negativeTtlMs: number
  readonly clock: Clock
  /** Told of what others saw change. */
  readonly onChange: (change: Change) => void
}

/** A read that was begun before a change ends within this time: until then what was forgotten is not written again. */
const forgottenForMs = 30_000
const mostRemembered = 10_000

/** One reference's record: what it is called, where it belongs. */
export interface Slot {
  readonly ref: SecretRef
  readonly name: string
  readonly place: Place
}

interface Put {
  /** What is put; nothing where it can't be made. */
  readonly record: () => Uint8Array | undefined
  readonly ttlMs: number
  /** Whether the others are to be told, by what it replaced. */
  readonly isNews: (old: SaidRecord) => boolean
}

/** What this process knows of a reference: nothing older is taken from the others. */
interface Known {
  readonly ref: SecretRef
  youngest: Moment
}

/** The records of one source of an environment. Whatever goes wrong here is a record that is missing. */
export class SharedRecords {
  readonly #options: SharedRecordsOptions
  readonly #known = new Remembered<Known>(mostRemembered)
  readonly #unsubscribe: () => void

  constructor(options: SharedRecordsOptions) {
    this.#options = options
    this.#unsubscribe = options.entries.subscribe({
      onMessage: (message) => this.#heard(message),
      onGap: () => options.onChange({ kind: 'resync' }),
    })
  }

  /** Where a reference's record is; nowhere while the keys are not there. */
  slotOf(ref: SecretRef): Slot | undefined {
    const { environment, source, sealer } = this.#options
    const place = { environment, source, path: cacheKey(ref) }
    const name = isText(place.path) ? sealer.nameOf(place) : undefined
    return name === undefined ? undefined : { ref, name, place }
  }

  async find({ ref, name, place }: Slot): Promise<SaidRecord | undefined> {
    const { entries, sealer } = this.#options
    try {
      const bytes = await entries.get(recordOf(name))
      const said = bytes && (await sealer.open(place, bytes))
      return said && this.#note(name, ref, said.moment) ? said : undefined
    } catch {
      return undefined
    }
  }

  /** Keeps what the source gave when it was asked then, and calls out where that is another value than was kept. */
  keepVersion(slot: Slot, version: SecretVersion, askedAtMs: number): Promise<void> {
    const { sealer, ttlMs, maxStaleMs } = this.#options
    const moment = readMoment(Math.min(askedAtMs, version.confirmedAtMs ?? askedAtMs))
    return this.#put(slot, moment, {
      record: () => sealer.version(slot.place, version, moment),
      ttlMs: ttlMs + maxStaleMs,
      isNews: (old) => 'version' in old && !isSame(old.version, version),
    })
  }

  /** Keeps that the source has none. */
  keepAbsence(slot: Slot, absence: SecretsError, askedAtMs: number): Promise<void> {
    const { sealer, negativeTtlMs } = this.#options
    const moment = readMoment(askedAtMs)
    return this.#put(slot, moment, {
      record: () => sealer.absence(slot.place, absence, moment),
      ttlMs: Math.max(negativeTtlMs, forgottenForMs),
      isNews: hasVersion,
    })
  }

  /** The source refuses it: what is kept, and what is being written of it, is taken back. */
  takeBack(slot: Slot): Promise<void> {
    return this.#forget(slot, hasVersion)
  }

  /** It changed: what is kept is taken back, and all who may have it are told. */
  async forget(slot: Slot): Promise<void> {
    await this.#forget(slot, () => false)
    await this.#publish(slot)
  }

  /** Whether it is this process's turn with something of this reference, for so long. */
  async claim({ name }: Slot, forMs: number): Promise<boolean> {
    const { entries, replica } = this.#options
    return (await entries.setIfAbsent(`turn:${name}`, Buffer.from(replica), forMs)) === undefined
  }

  close(): void {
    this.#unsubscribe()
  }

  #forget(slot: Slot, isNews: Put['isNews']): Promise<void> {
    const moment = forgottenMoment(this.#options.clock.nowMs())
    return this.#put(slot, moment, { record: () => Buffer.from(moment), ttlMs: forgottenForMs, isNews })
  }

  async #put(slot: Slot, moment: Moment, { record, ttlMs, isNews }: Put): Promise<void> {
    const { entries, sealer } = this.#options
    this.#note(slot.name, slot.ref, moment)
    const key = recordOf(slot.name)
    try {
      const bytes = record()
      // What can't be kept is no reason to leave there what was.
      if (!bytes) return await entries.remove(key)
      const replaced = await entries.setUnlessYounger(key, bytes, ttlMs)
      const old = replaced && (await sealer.open(slot.place, replaced))
      if (old && isNews(old)) await this.#publish(slot)
    } catch {
      await entries.remove(key).catch(() => {})
    }
  }

  async #publish({ name }: Slot): Promise<void> {
    const { entries, replica } = this.#options
    await entries.publish(`${replica} ${name}`).catch(() => {})
  }

  #heard(message: string): void {
    const [replica, name = ''] = message.split(' ')
    const known = this.#known.get(name)
    if (replica !== this.#options.replica && known) this.#options.onChange({ kind: 'changed', id: known.ref.id })
  }

  /** Whether nothing younger is known of it. */
  #note(name: string, ref: SecretRef, moment: Moment): boolean {
    const known = this.#known.get(name)
    const isOlder = known !== undefined && known.youngest > moment
    this.#known.set(name, isOlder ? known : { ref, youngest: moment })
    return !isOlder
  }
}

const recordOf = (name: string): string => `record:${name}`

const hasVersion = (said: SaidRecord): boolean => 'version' in said

const isSame = (one: SecretVersion, other: SecretVersion): boolean =>
  one.version === other.version && sameValue(one.value, other.value)
