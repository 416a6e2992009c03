import type { ListSecretsFilter, ListSecretsRequest, ListSecretsResponse, SecretListEntry } from '@keyplane/aws'
import { Breath } from '../breath.ts'
import { secretMatcher } from '../list-filters.ts'
import { type PagePosition, pagePosition, pageToken } from '../list-page-token.ts'
import type { OperationContext } from '../operation-context.ts'
import { flag, integer, listOf, oneOf, type Shape, structure, text } from '../parsing/member.ts'
import { secretFacts } from '../secret-facts.ts'
import type { ListOrder } from '../storage/secrets-listing.ts'
import type { SecretRow, StageRow, TagRow } from '../storage/tables.ts'
import { labelsOf } from '../version-stages.ts'

export const listSecretsShape: Shape<ListSecretsRequest> = {
  IncludePlannedDeletion: flag(),
  MaxResults: integer({ min: 1, max: 100 }),
  NextToken: text({ min: 1, max: 4096 }),
  Filters: listOf(
    structure<ListSecretsFilter>({
      Key: oneOf('description', 'name', 'tag-key', 'tag-value', 'primary-region', 'owning-service', 'all'),
      Values: listOf(text({ max: 512 }), { max: 10 }),
    }),
    { max: 10 },
  ),
  SortOrder: oneOf('asc', 'desc'),
  SortBy: oneOf('created-date', 'last-accessed-date', 'last-changed-date', 'name'),
}

const orders: Readonly<Record<NonNullable<ListSecretsRequest['SortBy']>, ListOrder>> = {
  'created-date': 'created_at_ms',
  'last-accessed-date': 'accessed_at_ms',
  'last-changed-date': 'changed_at_ms',
  name: 'name',
}

/** Secrets that one call looks at for its filters; beyond it the page is short, and the next one goes on. */
const maxScanned = 5_000
const chunk = 250

interface Listed {
  readonly secret: SecretRow
  readonly tags: readonly TagRow[]
  readonly stages: readonly StageRow[]
}

/** Lists the secrets of the caller's account and region, a page at a time. */
export const listSecrets = async (
  context: OperationContext,
  input: ListSecretsRequest,
): Promise<ListSecretsResponse> => {
  const { NextToken, MaxResults: size = 100, ...query } = input
  const order = orders[input.SortBy ?? 'created-date']
  const start = NextToken === undefined ? undefined : pagePosition(NextToken, query, order === 'name')
  const matches = secretMatcher(input.Filters ?? [])
  const breath = new Breath()
  const page: Listed[] = []
  let scanned = 0
  let at = start
  for (;;) {
    // One more than fits tells whether there is another page.
    const limit = input.Filters?.length ? chunk : size - page.length + 1
    const found = await readChunk(context, input, order, at, limit)
    for (const listed of found) {
      if (page.length === size) return { SecretList: page.map(entry), ...(at && { NextToken: pageToken(at, query) }) }
      if (matches(listed.secret, listed.tags)) page.push(listed)
      await breath.after(matches.cost)
      at = { value: listed.secret[order], id: listed.secret.id }
    }
    scanned += found.length
    if (found.length < limit) return { SecretList: page.map(entry) }
    if (at && scanned >= maxScanned) return { SecretList: page.map(entry), NextToken: pageToken(at, query) }
    await breath.take()
  }
}

const readChunk = async (
  { caller, nowMs, listing, secrets }: OperationContext,
  { SortOrder, IncludePlannedDeletion = false }: ListSecretsRequest,
  order: ListOrder,
  after: PagePosition | undefined,
  limit: number,
): Promise<readonly Listed[]> => {
  const rows = await listing({
    account: caller.account,
    region: caller.region,
    order,
    descending: SortOrder === 'desc',
    includeDeleted: IncludePlannedDeletion,
    nowMs,
    limit,
    ...(after && { after }),
  })
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

const entry = ({ secret, tags, stages }: Listed): SecretListEntry => ({
  ...secretFacts(secret, tags),
  ...(stages.length > 0 && { SecretVersionsToStages: Object.fromEntries(labelsOf(stages)) }),
})
