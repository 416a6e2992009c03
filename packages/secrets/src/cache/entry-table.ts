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
  /** A set's size costs a call, and this is asked at each read. */
  #isFilling = false
  #byKey = new Map<string, Entry>()
  /** In order of use. */
  #entries = new Set<Entry>()
  /** By the secret's id: it has few versions at a time. */
  #versions = new Map<string, readonly Shared[]>()

  constructor(maxEntries: number, keeping?: Keeping) {
    this.#maxEntries = maxEntries
    this.#keeping = keeping
  }

  find(key: string): Entry | undefined {
    return this.#byKey.get(key)
  }

  /** Notes a use. Only a table that is filling up pays for the order. */
  touch(entry: Entry): void {
    if (this.#isFilling && this.#entries.delete(entry)) this.#entries.add(entry)
  }

  /** Makes `key` lead to `entry`, and keeps it if it was not yet. */
  keep(key: string, entry: Entry): void {
    if (this.#maxEntries === 0) return
    const former = this.#byKey.get(key)
    if (former && former !== entry) this.#unlink(key, former)
    this.#byKey.set(key, entry)
    if (!entry.keys.includes(key)) entry.keys = entry.keys.concat(key)
    this.#entries.delete(entry)
    this.#entries.add(entry)
    this.#isFilling = this.#entries.size * 2 >= this.#maxEntries
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
    entry.keys = []
    if (entry.version) this.#release(entry.version)
  }

  /** All at once: the tables are replaced, not taken apart, and what was kept is released when there is time. */
  clear(): void {
    if (this.#entries.size === 0) return
    const [entries, keeping] = [this.#entries, this.#keeping]
    const versions = this.#versions
    if (keeping)
      setImmediate(() => {
        for (const { version } of [...[...versions.values()].flat(), ...unshared(entries)]) keeping.release(version)
      })
    this.#isFilling = false
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
    entry.keys = entry.keys.filter((other) => other !== key)
    if (entry.keys.length === 0) this.drop(entry)
  }

  #share(version: SecretVersion): SecretVersion {
    const known = this.#sharedOf(version)
    if (known === undefined) {
      this.#keeping?.hold(version)
      if (version.version !== undefined) this.#addShared(version)
      return version
    }
    known.users += 1
    // A label moved, or the source was read again and says by which read: the newer description is the one to share.
    if (!sameContent(known.version, version)) {
      this.#keeping?.hold(version)
      this.#keeping?.release(known.version)
      known.version = version
    }
    return known.version
  }

  #release(version: SecretVersion): void {
    const known = this.#sharedOf(version)
    if (known) known.users -= 1
    if (known && known.users > 0) return
    if (known) this.#removeShared(known)
    this.#keeping?.release(known?.version ?? version)
  }

  #sharedOf({ id, version }: SecretVersion): Shared | undefined {
    if (version === undefined) return undefined
    return this.#versions.get(id)?.find((shared) => shared.version.version === version)
  }

  #addShared(version: SecretVersion): void {
    // By `concat`, which makes a list as long as it has to be.
    const shared = (this.#versions.get(version.id) ?? []).concat({ version, users: 1 })
    this.#versions.set(version.id, shared)
  }

  #removeShared(gone: Shared): void {
    const { id } = gone.version
    const others = this.#versions.get(id)?.filter((shared) => shared !== gone) ?? []
    if (others.length > 0) this.#versions.set(id, others)
    else this.#versions.delete(id)
  }
}

/** A version and how many entries have it. */
interface Shared {
  version: SecretVersion
  users: number
}

/** Versions that no table shares, since their source does not name them. */
const unshared = (entries: Iterable<Entry>): { readonly version: SecretVersion }[] =>
  [...entries].flatMap(({ version }) => (version && version.version === undefined ? [{ version }] : []))

const sameContent = (a: SecretVersion, b: SecretVersion): boolean =>
  a.stages?.length === b.stages?.length &&
  (a.stages ?? []).every((stage, index) => stage === b.stages?.[index]) &&
  sameAttributes(a.attributes, b.attributes) &&
  sameValue(a.value, b.value)

const sameAttributes = (a: SecretVersion['attributes'] = {}, b: SecretVersion['attributes'] = {}): boolean => {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name])
}
