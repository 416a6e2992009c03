import { type SecretVersion, sameValue } from '@keyplane/core'
import type { Entry } from './entry.ts'

/** Told of each version that is kept, and when it is kept no more. */
export interface Keeping {
  hold(version: SecretVersion): void
  release(version: SecretVersion): void
}

/**
 * Where entries are kept: found by any of their keys, the one used least lately thrown out first, and the same version
 * kept once however many references lead to it.
 */
export class EntryTable {
  readonly #maxEntries: number
  readonly #keeping: Keeping | undefined
  #byKey = new Map<string, Entry>()
  /** In order of use. */
  #entries = new Set<Entry>()
  #versions = new Map<string, { version: SecretVersion; users: number }>()

  constructor(maxEntries: number, keeping?: Keeping) {
    this.#maxEntries = maxEntries
    this.#keeping = keeping
  }

  find(key: string): Entry | undefined {
    return this.#byKey.get(key)
  }

  /** Notes a use. Only a table that is filling up pays for the order. */
  touch(entry: Entry): void {
    if (this.#entries.size * 2 < this.#maxEntries) return
    if (this.#entries.delete(entry)) this.#entries.add(entry)
  }

  /** Makes `key` lead to `entry`, and keeps it if it was not yet. */
  keep(key: string, entry: Entry): void {
    if (this.#maxEntries === 0) return
    const former = this.#byKey.get(key)
    if (former && former !== entry) this.#unlink(key, former)
    this.#byKey.set(key, entry)
    entry.keys.add(key)
    this.#entries.delete(entry)
    this.#entries.add(entry)
    if (this.#entries.size > this.#maxEntries) this.drop(this.#entries.values().next().value as Entry)
  }

  /** Gives the entry this version, or the equal one that is here already: identity lasts as long as it is cached. */
  hold(entry: Entry, version: SecretVersion): void {
    if (!this.#entries.has(entry)) {
      entry.version = version
      return
    }
    const shared = this.#share(version)
    if (entry.version) this.#release(entry.version)
    entry.version = shared
  }

  remove(key: string): void {
    const entry = this.#byKey.get(key)
    if (entry) this.drop(entry)
  }

  drop(entry: Entry): void {
    if (!this.#entries.delete(entry)) return
    for (const key of entry.keys) if (this.#byKey.get(key) === entry) this.#byKey.delete(key)
    entry.keys.clear()
    if (entry.version) this.#release(entry.version)
  }

  /** All at once: the tables are replaced, not taken apart, and what was kept is released when there is time. */
  clear(): void {
    const [entries, keeping] = [this.#entries, this.#keeping]
    const versions = this.#versions
    if (keeping && entries.size > 0)
      setImmediate(() => {
        for (const { version } of [...versions.values(), ...unshared(entries)]) keeping.release(version)
      })
    this.#byKey = new Map()
    this.#entries = new Set()
    this.#versions = new Map()
  }

  get size(): number {
    return this.#entries.size
  }

  entries(): Iterable<Entry> {
    return this.#entries
  }

  #unlink(key: string, entry: Entry): void {
    entry.keys.delete(key)
    if (entry.keys.size === 0) this.drop(entry)
  }

  #share(version: SecretVersion): SecretVersion {
    const key = versionKey(version)
    const known = key === undefined ? undefined : this.#versions.get(key)
    if (known === undefined) {
      this.#keeping?.hold(version)
      if (key !== undefined) this.#versions.set(key, { version, users: 1 })
      return version
    }
    known.users += 1
    // A label moved: the newer description of the same version is the one to share.
    if (!sameContent(known.version, version)) {
      this.#keeping?.hold(version)
      this.#keeping?.release(known.version)
      known.version = version
    }
    return known.version
  }

  #release(version: SecretVersion): void {
    const key = versionKey(version)
    const known = key === undefined ? undefined : this.#versions.get(key)
    if (known === undefined || key === undefined) {
      this.#keeping?.release(version)
      return
    }
    known.users -= 1
    if (known.users > 0) return
    this.#versions.delete(key)
    this.#keeping?.release(known.version)
  }
}

/** Versions that no table shares, since their source does not name them. */
const unshared = (entries: Iterable<Entry>): { readonly version: SecretVersion }[] =>
  [...entries].flatMap(({ version }) => (version && versionKey(version) === undefined ? [{ version }] : []))

const versionKey = ({ id, version }: SecretVersion): string | undefined =>
  version === undefined ? undefined : `${id}\u0000${version}`

const sameContent = (a: SecretVersion, b: SecretVersion): boolean =>
  a.stages?.length === b.stages?.length &&
  (a.stages ?? []).every((stage, index) => stage === b.stages?.[index]) &&
  sameValue(a.value, b.value)
