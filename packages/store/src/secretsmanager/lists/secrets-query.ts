import type { ListSecretsFilter } from '@keyplane/aws'
import type { ListOrder } from '../../storage/secrets-listing.ts'

/** Which secrets are listed, and in which order. A page's token holds only for the same query. */
export interface SecretsQuery {
  /** The operation, so that one's token is not taken for another's. */
  readonly operation: string
  readonly filters: readonly ListSecretsFilter[]
  readonly includeDeleted: boolean
  readonly order: ListOrder
  readonly descending: boolean
}
