import type { Fields } from './fields.ts'

/** A version's fields. Printed, they show nothing. */
export class KvFields {
  readonly #fields: Fields

  constructor(fields: Fields) {
    this.#fields = fields
  }

  reveal(): Fields {
    return this.#fields
  }
}

export interface KvWritten {
  readonly version: number
  readonly createdAtMs: number
}

export interface KvVersion extends KvWritten {
  readonly fields: KvFields
  /** OpenBao's name of the read, the same as in its audit log. */
  readonly requestId?: string
}

export interface KvVersionState {
  readonly createdAtMs: number
  /** Since when it can't be read. */
  readonly deletedAtMs?: number
  /** Its value is gone for good. */
  readonly destroyed: boolean
}

export interface KvMetadata {
  readonly currentVersion: number
  readonly updatedAtMs: number
  /** In ascending order; OpenBao keeps the last ten unless told otherwise. */
  readonly versions: ReadonlyMap<number, KvVersionState>
  readonly customMetadata: Readonly<Record<string, string>>
}
