import type { SecretRow } from '../../storage/tables.ts'
import type { FoundVersion, VersionsTable } from '../../storage/versions-table.ts'

interface Known {
  readonly revision: number
  readonly found: FoundVersion
  readonly bytes: number
}

/** Entries, and bytes of sealed values, in one thread. */
const maxKnown = 10_000
const maxBytes = 16_777_216

/**
 * The versions that labels are on, sealed as they are stored. Each is kept until its secret's revision is another one: a
 * read that finds the secret as it was needs no further look.
 */
export class VersionCache {
  readonly #versions: Pick<VersionsTable, 'byLabel'>
  readonly #known = new Map<string, Known>()
  #bytes = 0

  constructor(versions: Pick<VersionsTable, 'byLabel'>) {
    this.#versions = versions
  }

  async byLabel(
    { id, revision }: Pick<SecretRow, 'id' | 'revision'>,
    label: string,
  ): Promise<FoundVersion | undefined> {
    const place = `${id}/${label}`
    const known = this.#known.get(place)
    if (known?.revision === revision) return known.found
    const found = await this.#versions.byLabel(id, label)
    this.#forget(place)
    if (found) this.#keep(place, { revision, found, bytes: found.version.sealed_value?.length ?? 0 })
    return found
  }

  /** For what changes and leaves the revision as it is: the day of the last read. */
  forget({ id }: Pick<SecretRow, 'id'>, labels: readonly string[]): void {
    for (const label of labels) this.#forget(`${id}/${label}`)
  }

  #keep(place: string, known: Known): void {
    this.#known.set(place, known)
    this.#bytes += known.bytes
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= maxKnown && this.#bytes <= maxBytes) return
      this.#forget(oldest)
    }
  }

  #forget(place: string): void {
    this.#bytes -= this.#known.get(place)?.bytes ?? 0
    this.#known.delete(place)
  }
}
