import type { SecretRow } from '../../storage/tables.ts'
import type { FoundVersion, VersionsTable } from '../../storage/versions-table.ts'

interface Known {
  readonly revision: number
  readonly found: FoundVersion
  readonly bytes: number
}

/** In one thread, about. */
const maxBytes = 16_777_216
/** What an entry takes beside its value and its texts. */
const entryBytes = 1_000

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
    if (found) this.#keep(place, { revision, found, bytes: bytesOf(place, found) })
    return found
  }

  /** For what leaves the revision as it is: the day of the last read, damage that is repaired. */
  forget({ id }: Pick<SecretRow, 'id'>, labels: readonly string[]): void {
    for (const label of labels) this.#forget(`${id}/${label}`)
  }

  #keep(place: string, known: Known): void {
    this.#known.set(place, known)
    this.#bytes += known.bytes
    for (const oldest of this.#known.keys()) {
      if (this.#bytes <= maxBytes) return
      this.#forget(oldest)
    }
  }

  #forget(place: string): void {
    this.#bytes -= this.#known.get(place)?.bytes ?? 0
    this.#known.delete(place)
  }
}

const bytesOf = (place: string, { version, labels }: FoundVersion): number =>
  entryBytes + (version.sealed_value?.length ?? 0) + 2 * (place.length + labels.join().length)
