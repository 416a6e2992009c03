import { createHash } from 'node:crypto'
import { type Clock, SecretsError } from '@keyplane/core'
import { type KvV2, kvV2, type OpenBaoClient } from '@keyplane/openbao'
import { dueAtMs, urgencyOf } from '../machine/rotation.ts'
import type { JournalEntry, JournalWrite, RotationJournal, RotationLease } from '../ports/journal.ts'
import { isAnothers } from './lease-time.ts'
import { fieldsOf, type JournalRow, rowOf } from './openbao-journal-row.ts'
import { rotationOf, rotationText } from './parse-rotation.ts'

export interface OpenBaoJournalOptions {
  readonly client: Pick<OpenBaoClient, 'call'>
  /** Of the KV engine, version 2. Default `secret`. */
  readonly mount?: string
  /** The folder there, in which nothing else lies. Default `keyplane/rotations`. */
  readonly folder?: string
  /** Leases end by it: processes that share the folder must agree on the time to within a few seconds. */
  readonly clock: Clock
}

/**
 * Rotations in OpenBao's KV engine, version 2: an entry a secret, written only over the version that was read
 * (check-and-set), so that one of several processes has the lease. No value of a secret is in it. What is due is found by
 * reading every entry: for hundreds of rotations, not for hundreds of thousands. It does not close the client.
 */
export const openbaoJournal = (options: OpenBaoJournalOptions): RotationJournal => new OpenBaoJournal(options)

/** Each that fails is somebody else's write: more of them than can be under way at a time. */
const attempts = 20
const readsAtOnce = 8

class OpenBaoJournal implements RotationJournal {
  readonly #kv: KvV2
  readonly #folder: string
  readonly #clock: Clock

  constructor({ client, mount, folder = 'keyplane/rotations', clock }: OpenBaoJournalOptions) {
    this.#kv = kvV2({ client, clock, ...(mount !== undefined && { mount }) })
    this.#folder = folder.replace(/^\/|\/$/g, '')
    this.#clock = clock
  }

  async load(secretId: string): Promise<JournalEntry | undefined> {
    const { row } = await this.#read(this.#pathOf(secretId))
    if (!row || row.record === '') return undefined
    return { rotation: rotationOf(secretId, row.record), revision: row.revision }
  }

  async lease(secretId: string, holder: string, ttlMs: number): Promise<RotationLease | undefined> {
    const taken = await this.#update(secretId, (row = nothingOf(secretId)) => {
      const nowMs = this.#clock.nowMs()
      return isAnothers(row, holder, nowMs)
        ? undefined
        : { ...row, holder, fence: row.fence + 1, expiresAtMs: nowMs + ttlMs }
    })
    return taken && { secretId, holder, fence: taken.fence, expiresAtMs: taken.expiresAtMs }
  }

  async renew(lease: RotationLease, ttlMs: number): Promise<RotationLease | undefined> {
    const renewed = await this.#updateHeld(lease, (row) => ({ ...row, expiresAtMs: this.#clock.nowMs() + ttlMs }))
    return renewed && { ...lease, expiresAtMs: renewed.expiresAtMs }
  }

  async release(lease: RotationLease): Promise<void> {
    await this.#updateHeld(lease, (row) => ({ ...row, holder: '' }))
  }

  async write(lease: RotationLease, { rotation, over }: JournalWrite): Promise<number | undefined> {
    const written = await this.#updateHeld(lease, (row) =>
      row.revision === over
        ? {
            ...row,
            revision: over + 1,
            urgency: urgencyOf(rotation),
            dueAtMs: dueAtMs(rotation),
            record: rotationText(rotation),
          }
        : undefined,
    )
    return written?.revision
  }

  async due(atMs: number, limit: number): Promise<readonly string[]> {
    const paths: string[] = []
    for await (const path of this.#kv.list(`${this.#folder}/`)) paths.push(path)
    const rows: JournalRow[] = []
    while (paths.length > 0) {
      const read = await Promise.all(paths.splice(0, readsAtOnce).map((path) => this.#read(path)))
      rows.push(...read.flatMap(({ row }) => row ?? []))
    }
    return rows
      .filter((row) => row.urgency > 0 && row.dueAtMs <= atMs)
      .toSorted((a, b) => b.urgency - a.urgency || a.dueAtMs - b.dueAtMs)
      .slice(0, limit)
      .map(({ secretId }) => secretId)
  }

  /** As `#update`, where the lease is this one yet. */
  #updateHeld(
    { secretId, holder, fence }: RotationLease,
    next: (row: JournalRow) => JournalRow | undefined,
  ): Promise<JournalRow | undefined> {
    return this.#update(secretId, (row) => (row?.holder === holder && row.fence === fence ? next(row) : undefined))
  }

  /** Writes what follows from the entry, over that entry and no other; nothing where nothing follows. */
  async #update(
    secretId: string,
    next: (row: JournalRow | undefined) => JournalRow | undefined,
  ): Promise<JournalRow | undefined> {
    const path = this.#pathOf(secretId)
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const { row, version } = await this.#read(path)
      const wanted = next(row)
      if (!wanted || (await this.#isWritten(path, wanted, version))) return wanted
    }
    throw new SecretsError('conflict', `OpenBao's ${path} is written by others all the time.`, {
      source: 'openbao',
    })
  }

  async #isWritten(path: string, row: JournalRow, over: number): Promise<boolean> {
    try {
      await this.#kv.write(path, fieldsOf(row), { cas: over })
      return true
    } catch (thrown) {
      if (thrown instanceof SecretsError && thrown.code === 'conflict') return false
      throw thrown
    }
  }

  async #read(path: string): Promise<{ readonly row?: JournalRow; readonly version: number }> {
    try {
      const { fields, version } = await this.#kv.read(path)
      return { row: rowOf(fields), version }
    } catch (thrown) {
      if (thrown instanceof SecretsError && thrown.code === 'secret_not_found') return { version: 0 }
      throw thrown
    }
  }

  /** A name of any length and signs is one of OpenBao's paths. */
  #pathOf(secretId: string): string {
    return `${this.#folder}/${createHash('sha256').update(secretId).digest('hex')}`
  }
}

const nothingOf = (secretId: string): JournalRow => ({
  secretId,
  holder: '',
  fence: 0,
  expiresAtMs: 0,
  revision: 0,
  urgency: 0,
  dueAtMs: 0,
  record: '',
})
