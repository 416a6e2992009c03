import type { ListSecretsRequest, ListSecretsResponse, SecretListEntry } from '@keyplane/aws'
import type { OperationContext } from '../../operation-context.ts'
import { flag, integer, oneOf, type Shape } from '../../parsing/member.ts'
import { nextToken, secretFilters } from '../../parsing/members.ts'
import { rotationFacts } from '../../rotation/rotation-facts.ts'
import type { SecretRotationRow } from '../../storage/tables.ts'
import { secretFacts } from '../secret-facts.ts'
import { type ListedSecret, pageOfSecrets } from '../lists/secret-pages.ts'
import type { ListOrder } from '../../storage/secrets-listing.ts'
import { labelsOf } from '../versions/version-stages.ts'

export const listSecretsShape: Shape<ListSecretsRequest> = {
  IncludePlannedDeletion: flag(),
  MaxResults: integer({ min: 1, max: 100 }),
  NextToken: nextToken,
  Filters: secretFilters,
  SortOrder: oneOf('asc', 'desc'),
  SortBy: oneOf('created-date', 'last-accessed-date', 'last-changed-date', 'name'),
}

const orders: Readonly<Record<NonNullable<ListSecretsRequest['SortBy']>, ListOrder>> = {
  'created-date': 'created_at_ms',
  'last-accessed-date': 'accessed_at_ms',
  'last-changed-date': 'changed_at_ms',
  name: 'name',
}

/** Lists the secrets of the caller's account and region, a page at a time. */
export const listSecrets = async (
  context: OperationContext,
  input: ListSecretsRequest,
): Promise<ListSecretsResponse> => {
  const query = {
    operation: 'ListSecrets',
    filters: input.Filters ?? [],
    includeDeleted: input.IncludePlannedDeletion ?? false,
    order: orders[input.SortBy ?? 'created-date'],
    descending: input.SortOrder === 'desc',
  }
  const { page, ...more } = await pageOfSecrets(context, query, input)
  const rotations = await context.rotations.ofAll(page.map(({ secret }) => secret.id))
  const rotated = new Map(rotations.map((row) => [row.secret_id, row]))
  return { SecretList: page.map((listed) => entry(listed, rotated.get(listed.secret.id))), ...more }
}

const entry = ({ secret, tags, stages }: ListedSecret, rotation: SecretRotationRow | undefined): SecretListEntry => ({
  ...secretFacts(secret, tags),
  ...rotationFacts(rotation),
  ...(stages.length > 0 && { SecretVersionsToStages: Object.fromEntries(labelsOf(stages)) }),
})
