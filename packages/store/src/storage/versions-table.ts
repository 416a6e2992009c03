import { compileOnce, type Reader, type Statement, statement } from '@keyplane/database'
import { sql } from 'kysely'
import type { Labels } from '../secretsmanager/versions/version-stages.ts'
import type { StoreTables, VersionRow } from './tables.ts'

/** A version with the labels on it, in their order. */
export interface FoundVersion {
  readonly version: VersionRow
  readonly labels: readonly string[]
}

/** A version without its value. */
export type ListedVersion = Pick<VersionRow, 'version_id' | 'created_at_ms' | 'accessed_at_ms' | 'kms_key_id'>

export interface VersionsQuery {
  /** Versions without a label too. */
  readonly includeDeprecated: boolean
  /** The last of the page before: when it was made, and its id. */
  readonly after?: { readonly value: string | number; readonly id: string }
  readonly limit: number
}

/** Reads versions, and gives the statements that change them. All statements belong behind the secret's own guarded one. */
export interface VersionsTable {
  byLabel(secretId: string, label: string): Promise<FoundVersion | undefined>
  byId(secretId: string, versionId: string): Promise<FoundVersion | undefined>
  /** Versions that have a value, in the order in which they were made. */
  list(secretId: string, query: VersionsQuery): Promise<readonly ListedVersion[]>
  /** Versions without a label that were made before a moment, the oldest first, and how many of any age there are. */
  deprecated(
    secretId: string,
    beforeMs: number,
    limit: number,
  ): Promise<{ readonly total: number; readonly oldest: readonly string[] }>
  insert(version: VersionRow): Statement
  /** Puts a value into a version that waited for one. */
  giveValue(version: VersionRow): Statement
  /** Changes how a value is sealed, not the value. */
  reseal(version: VersionRow): Statement
  touch(secretId: string, versionId: string, todayMs: number): Statement
  remove(secretId: string, versionId: string): Statement
  /** Makes the labels of a secret what they are after a change. */
  relabel(secretId: string, before: Labels, after: Labels): readonly Statement[]
}

type Joined = VersionRow & { readonly label: string | null }

const gathered = (rows: readonly Joined[]): FoundVersion | undefined => {
  const [first] = rows
  if (!first) return undefined
  return { version: first, labels: rows.flatMap(({ label }) => (label === null ? [] : [label])) }
}

export const versionsTable = (reader: Reader<StoreTables>): VersionsTable => {
  const { query } = reader
  const byId = compileOnce((secretId: string, versionId: string) =>
    query
      .selectFrom('secret_versions as v')
      .leftJoin('version_stages as l', (join) =>
        join.onRef('l.secret_id', '=', 'v.secret_id').onRef('l.version_id', '=', 'v.version_id'),
      )
      .selectAll('v')
      .select('l.label')
      .where('v.secret_id', '=', secretId)
      .where('v.version_id', '=', versionId)
      .orderBy('l.position'),
  )
  const byLabel = compileOnce((secretId: string, label: string) =>
    query
      .selectFrom('version_stages as held')
      .innerJoin('secret_versions as v', (join) =>
        join.onRef('v.secret_id', '=', 'held.secret_id').onRef('v.version_id', '=', 'held.version_id'),
      )
      .innerJoin('version_stages as l', (join) =>
        join.onRef('l.secret_id', '=', 'v.secret_id').onRef('l.version_id', '=', 'v.version_id'),
      )
      .selectAll('v')
      .select('l.label')
      .where('held.secret_id', '=', secretId)
      .where('held.label', '=', label)
      .orderBy('l.position'),
  )
  const oldest = compileOnce((secretId: string, beforeMs: number, limit: number) =>
    query
      .selectFrom('secret_versions as v')
      .select('v.version_id')
      .where('v.secret_id', '=', secretId)
      .where('v.created_at_ms', '<', beforeMs)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('version_stages as l')
              .select('l.label')
              .whereRef('l.secret_id', '=', 'v.secret_id')
              .whereRef('l.version_id', '=', 'v.version_id'),
          ),
        ),
      )
      .orderBy('v.created_at_ms')
      .orderBy('v.ordinal')
      .limit(limit),
  )
  const countVersions = compileOnce((secretId: string) =>
    query
      .selectFrom('secret_versions')
      .select(({ fn }) => fn.countAll<number>().as('n'))
      .where('secret_id', '=', secretId),
  )
  const countLabelled = compileOnce((secretId: string) =>
    query
      .selectFrom('version_stages')
      .select(({ fn }) => fn.count<number>('version_id').distinct().as('n'))
      .where('secret_id', '=', secretId),
  )
  const touch = compileOnce((day: number, secretId: string, versionId: string, before: number) =>
    query
      .updateTable('secret_versions')
      .set({ accessed_at_ms: day })
      .where('secret_id', '=', secretId)
      .where('version_id', '=', versionId)
      .where('accessed_at_ms', '<', before),
  )
  const removeLabels = compileOnce((secretId: string, versionId: string) =>
    query.deleteFrom('version_stages').where('secret_id', '=', secretId).where('version_id', '=', versionId),
  )

  return {
    byLabel: async (secretId, label) => gathered(await reader.all(byLabel(secretId, label))),
    byId: async (secretId, versionId) => gathered(await reader.all(byId(secretId, versionId))),
    list: (secretId, { includeDeprecated, after, limit }) => {
      let rows = query
        .selectFrom('secret_versions as v')
        .select(['v.version_id', 'v.created_at_ms', 'v.accessed_at_ms', 'v.kms_key_id'])
        .where('v.secret_id', '=', secretId)
        .where('v.sealed_value', 'is not', null)
        .orderBy('v.created_at_ms')
        .orderBy('v.version_id')
        .limit(limit)
      // A secret has few labels, and may have thousands of versions without.
      if (!includeDeprecated)
        rows = rows.where('v.version_id', 'in', ({ selectFrom }) =>
          selectFrom('version_stages as l').select('l.version_id').where('l.secret_id', '=', secretId),
        )
      if (after) rows = rows.where(sql<boolean>`(v.created_at_ms, v.version_id) > (${after.value}, ${after.id})`)
      return reader.all(rows.compile())
    },
    deprecated: async (secretId, beforeMs, limit) => {
      // A young secret has none so old, and is not counted.
      const found = await reader.all(oldest(secretId, beforeMs, limit))
      if (found.length === 0) return { total: 0, oldest: [] }
      const [[all], [labelled]] = await reader.snapshot([countVersions(secretId), countLabelled(secretId)])
      return { total: (all?.n ?? 0) - (labelled?.n ?? 0), oldest: found.map(({ version_id }) => version_id) }
    },
    insert: (version) => statement(query.insertInto('secret_versions').values(version).compile(), 1),
    giveValue: ({ secret_id, version_id, kind, sealed_value, wrapped_data_key, kms_key_id, kms_material }) =>
      statement(
        query
          .updateTable('secret_versions')
          .set({ kind, sealed_value, wrapped_data_key, kms_key_id, kms_material })
          .where('secret_id', '=', secret_id)
          .where('version_id', '=', version_id)
          .where('sealed_value', 'is', null)
          .compile(),
        1,
      ),
    reseal: ({ secret_id, version_id, sealed_value, wrapped_data_key, kms_key_id, kms_material }) =>
      statement(
        query
          .updateTable('secret_versions')
          .set({ sealed_value, wrapped_data_key, kms_key_id, kms_material })
          .where('secret_id', '=', secret_id)
          .where('version_id', '=', version_id)
          .compile(),
        1,
      ),
    touch: (secretId, versionId, todayMs) => statement(touch(todayMs, secretId, versionId, todayMs)),
    remove: (secretId, versionId) =>
      statement(
        query
          .deleteFrom('secret_versions')
          .where('secret_id', '=', secretId)
          .where('version_id', '=', versionId)
          .compile(),
        1,
      ),
    relabel: (secretId, before, after) => {
      const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
        (versionId) => before.get(versionId)?.join('\n') !== after.get(versionId)?.join('\n'),
      )
      const rows = changed.flatMap((version_id) =>
        (after.get(version_id) ?? []).map((label, position) => ({ secret_id: secretId, label, version_id, position })),
      )
      return [
        // All are taken off first: a label that moves may not be in two places even for a moment.
        ...changed.filter((id) => before.has(id)).map((versionId) => statement(removeLabels(secretId, versionId))),
        ...rows.map((row) => statement(query.insertInto('version_stages').values(row).compile(), 1)),
      ]
    },
  }
}
