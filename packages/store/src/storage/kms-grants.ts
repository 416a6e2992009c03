import { compileOnce, type Reader } from '@keyplane/database'
import type { Kysely, SelectQueryBuilder } from 'kysely'
import type { KmsGrantRow, StoreTables } from './tables.ts'

/** Who wants to do something by a grant. */
export interface GrantsWanted {
  /** The caller's. */
  readonly arn: string
  /** Of the role that he has assumed; absent for others. */
  readonly roleArn?: string
  readonly account: string
  /** Without `kms:`. */
  readonly operation: string
}

/** Reads grants of KMS keys, in the order in which they were made. */
export interface KmsGrants {
  grants(keyId: string): Promise<readonly KmsGrantRow[]>
  /** Those alone that may let a caller do an operation, to himself, his role or his account. */
  grantsFor(keyId: string, wanted: GrantsWanted): Promise<readonly KmsGrantRow[]>
  countGrants(keyId: string): Promise<number>
  grant(grantId: string): Promise<KmsGrantRow | undefined>
  /** The grant of a key that is there under the same name, to the same grantee, for the same. */
  sameGrant(grant: KmsGrantRow): Promise<KmsGrantRow | undefined>
}

export const kmsGrants = (reader: Reader<StoreTables>): KmsGrants => {
  const { query } = reader
  const ofKey = (keyId: string) =>
    query.selectFrom('kms_grants').selectAll().where('key_id', '=', keyId).orderBy('created_at_ms').orderBy('grant_id')
  const grants = compileOnce(ofKey)
  const grantsFor = compileOnce(
    (keyId: string, arn: string, roleArn: string, account: string, root: string, operation: string) =>
      ofKey(keyId)
        .where(({ or, eb }) => or([eb('grantee', 'in', [arn, roleArn, account]), eb('grantee', 'like', root)]))
        .where('operations', 'like', operation),
  )
  const count = compileOnce((keyId: string) =>
    query
      .selectFrom('kms_grants')
      .select(({ fn }) => fn.countAll<number>().as('n'))
      .where('key_id', '=', keyId),
  )
  return {
    grants: (keyId) => reader.all(grants(keyId)),
    grantsFor: (keyId, { arn, roleArn = arn, account, operation }) =>
      reader.all(grantsFor(keyId, arn, roleArn, account, `%:iam::${account}:root`, `%"${operation}"%`)),
    countGrants: async (keyId) => (await reader.all(count(keyId)))[0]?.n ?? 0,
    grant: async (grantId) =>
      (await reader.all(query.selectFrom('kms_grants').selectAll().where('grant_id', '=', grantId).compile()))[0],
    sameGrant: async (grant) => (await reader.all(sameGrants(query, grant).selectAll().compile()))[0],
  }
}

/** Grants of a key that have a grant's name, and are the same but for their id. */
export const sameGrants = (
  query: Pick<Kysely<StoreTables>, 'selectFrom'>,
  { key_id, name, grantee, retiring, operations, constraints }: KmsGrantRow,
): SelectQueryBuilder<StoreTables, 'kms_grants', object> =>
  query
    .selectFrom('kms_grants')
    .where('key_id', '=', key_id)
    .where('name', '=', name)
    .where('grantee', '=', grantee)
    .where('operations', '=', operations)
    .where('retiring', sameAs(retiring), retiring)
    .where('constraints', sameAs(constraints), constraints)

/** SQL compares with null in a way of its own. */
const sameAs = (value: string | null) => (value === null ? 'is' : '=')
