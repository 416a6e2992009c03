import type { ListSecretsFilter } from '@keyplane/aws'
import type { PagePosition } from './list-page-token.ts'
import type { OperationContext } from '../../operation-context.ts'
import { isGone } from '../recovery-window.ts'
import type { SecretsQuery } from './secrets-query.ts'
import type { SecretRow } from '../../storage/tables.ts'

/** Secrets of which a list is put in order here; more than these are read in the order of an index. */
const maxSorted = 1_000

/**
 * The secrets that a filter by name leaves, in the order of a query, if they are few: so they are found among any number
 * of others. `undefined` where there is no such filter, or too many are left.
 */
export const secretsByName = async (
  { secrets, caller, nowMs }: OperationContext,
  query: SecretsQuery,
): Promise<readonly SecretRow[] | undefined> => {
  const prefixes = query.filters.map(namePrefixes).find((found) => found !== undefined)
  if (!prefixes) return undefined
  const { account, region } = caller
  const found = new Map<string, SecretRow>()
  for (const prefix of prefixes) {
    const rows = await secrets.withName({ account, region, prefix, limit: maxSorted + 1 })
    for (const row of rows) found.set(row.id, row)
    if (found.size > maxSorted) return undefined
  }
  const listed = [...found.values()].filter((secret) =>
    query.includeDeleted ? !isGone(secret, nowMs) : secret.deleted_at_ms === null,
  )
  const sign = query.descending ? -1 : 1
  return listed.toSorted((a, b) => sign * compare(positionOf(a, query), positionOf(b, query)))
}

/** Those of a list in order that come after a position. */
export const beyond = (
  ordered: readonly SecretRow[],
  query: SecretsQuery,
  after: PagePosition | undefined,
): readonly SecretRow[] => {
  if (!after) return ordered
  const sign = query.descending ? -1 : 1
  const first = ordered.findIndex((secret) => sign * compare(positionOf(secret, query), after) > 0)
  return first < 0 ? [] : ordered.slice(first)
}

/** What a name has to begin with by this filter; `undefined` for another filter, or one that negates. */
const namePrefixes = ({ Key, Values = [] }: ListSecretsFilter): readonly string[] | undefined =>
  Key === 'name' && Values.length > 0 && Values.every((value) => value !== '' && !value.startsWith('!'))
    ? Values
    : undefined

const positionOf = (secret: SecretRow, { order }: SecretsQuery): PagePosition => ({
  value: secret[order],
  id: secret.id,
})

/** In the order that the database has: names are ASCII, so their code units are their bytes. */
const compare = (a: PagePosition, b: PagePosition): number =>
  a.value < b.value ? -1 : a.value > b.value ? 1 : a.id < b.id ? -1 : a.id > b.id ? 1 : 0
