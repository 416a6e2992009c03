import type { ListSecretsRequest } from '@keyplane/aws'
import { Breath } from '../../breath.ts'
import { secretMatcher } from './list-filters.ts'
import { type PagePosition, pagePosition, pageToken } from './list-page-token.ts'
import type { OperationContext } from '../../operation-context.ts'
import type { SecretsQuery } from './secrets-query.ts'
import { beyond, secretsByName } from './secrets-by-name.ts'
import type { SecretRow, StageRow, TagRow } from '../../storage/tables.ts'

export interface ListedSecret {
  readonly secret: SecretRow
  readonly tags: readonly TagRow[]
  readonly stages: readonly StageRow[]
}

export interface SecretsPage {
  readonly page: readonly ListedSecret[]
  /** Absent on the last page. */
  readonly NextToken?: string
}

/** Secrets that one call looks at for its filters; beyond it the page is short, and the next one goes on. */
const maxScanned = 5_000
const chunk = 250

/**
 * A page of the secrets in the caller's account and region.
 * @throws AwsError InvalidNextTokenException, InvalidParameterException
 */
export const pageOfSecrets = async (
  context: OperationContext,
  query: SecretsQuery,
  { MaxResults: size = 100, NextToken }: Pick<ListSecretsRequest, 'MaxResults' | 'NextToken'>,
): Promise<SecretsPage> => {
  const { account, region } = context.caller
  const bound = [account, region, query]
  const matches = secretMatcher(query.filters)
  const breath = new Breath()
  const ordered = await secretsByName(context, query)
  const page: ListedSecret[] = []
  let scanned = 0
  let at = NextToken === undefined ? undefined : pagePosition(NextToken, bound, query.order === 'name')
  for (;;) {
    // One more than fits tells whether there is another page.
    const limit = query.filters.length > 0 ? chunk : size - page.length + 1
    const rows = ordered ? beyond(ordered, query, at).slice(0, limit) : await readRows(context, query, at, limit)
    const found = await withParts(context, rows)
    for (const listed of found) {
      if (page.length === size) return { page, ...(at && { NextToken: pageToken(at, bound) }) }
      if (matches(listed.secret, listed.tags)) page.push(listed)
      await breath.after(matches.cost)
      at = { value: listed.secret[query.order], id: listed.secret.id }
    }
    scanned += found.length
    if (found.length < limit) return { page }
    if (at && scanned >= maxScanned) return { page, NextToken: pageToken(at, bound) }
    await breath.take()
  }
}

const readRows = (
  { caller, nowMs, listing }: OperationContext,
  { order, descending, includeDeleted }: SecretsQuery,
  after: PagePosition | undefined,
  limit: number,
): Promise<readonly SecretRow[]> => {
  const { account, region } = caller
  return listing({ account, region, order, descending, includeDeleted, nowMs, limit, ...(after && { after }) })
}

const withParts = async (
  { secrets }: OperationContext,
  rows: readonly SecretRow[],
): Promise<readonly ListedSecret[]> => {
  const { tags, stages } = await secrets.partsOf(rows.map(({ id }) => id))
  const [tagsOf, stagesOf] = [bySecret(tags), bySecret(stages)]
  return rows.map((secret) => ({ secret, tags: tagsOf.get(secret.id) ?? [], stages: stagesOf.get(secret.id) ?? [] }))
}

const bySecret = <Row extends { readonly secret_id: string }>(rows: readonly Row[]): ReadonlyMap<string, Row[]> => {
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const group = groups.get(row.secret_id)
    if (group) group.push(row)
    else groups.set(row.secret_id, [row])
  }
  return groups
}
