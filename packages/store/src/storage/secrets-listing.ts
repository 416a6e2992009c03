import type { Reader } from '@keyplane/database'
import { sql } from 'kysely'
import type { PagePosition } from '../secretsmanager/lists/list-page-token.ts'
import type { SecretRow, StoreTables } from './tables.ts'

/** The columns that a listing can be in the order of. */
export type ListOrder = 'created_at_ms' | 'changed_at_ms' | 'accessed_at_ms' | 'name'

export interface ListQuery {
  readonly account: string
  readonly region: string
  readonly order: ListOrder
  readonly descending: boolean
  readonly includeDeleted: boolean
  readonly nowMs: number
  readonly after?: PagePosition
  readonly limit: number
}

/** Secrets in an order, from a position on; each order has an index, so that only what is given is read. */
export const listSecretRows = (reader: Reader<StoreTables>, query: ListQuery): Promise<readonly SecretRow[]> => {
  const { account, region, order, descending, includeDeleted, nowMs, after, limit } = query
  const direction = descending ? 'desc' : 'asc'
  let rows = reader.query
    .selectFrom('secrets')
    .selectAll()
    .where('account', '=', account)
    .where('region', '=', region)
    .orderBy(order, direction)
    .orderBy('id', direction)
    .limit(limit)
  rows = includeDeleted
    ? rows.where(({ or, eb }) => or([eb('gone_at_ms', 'is', null), eb('gone_at_ms', '>', nowMs)]))
    : rows.where('deleted_at_ms', 'is', null)
  if (after) {
    const beyond = sql.raw(descending ? '<' : '>')
    rows = rows.where(sql<boolean>`(${sql.ref(order)}, id) ${beyond} (${after.value}, ${after.id})`)
  }
  return reader.all(rows.compile())
}
