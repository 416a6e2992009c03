import { compileOnce, type Reader, type Statement, statement } from '@keyplane/database'
import type { Expression } from 'kysely'
import { type KmsGrants, kmsGrants, sameGrants } from './kms-grants.ts'
import type { KmsAliasRow, KmsGrantRow, KmsKeyRow, KmsMaterialRow, KmsTagRow, StoreTables } from './tables.ts'

/** What of a key may change. */
export type KmsKeyChange = Partial<
  Pick<KmsKeyRow, 'state' | 'description' | 'policy' | 'deletion_at_ms' | 'rotates' | 'current_material'>
>

/** Where something is listed from: behind this, in order. */
export interface KmsPage {
  readonly after: string
  readonly limit: number
}

/** An account's keys in a region. */
export interface KmsPlace {
  readonly account: string
  readonly region: string
}

/** Reads KMS keys with their wrapped materials, names, grants and tags, and gives the statements that change them. */
export interface KmsKeysTable extends KmsGrants {
  /** The key of a service of AWS. */
  byAlias(account: string, region: string, alias: string): Promise<KmsKeyRow | undefined>
  byId(keyId: string): Promise<KmsKeyRow | undefined>
  material(keyId: string, material: number): Promise<KmsMaterialRow | undefined>
  alias(place: KmsPlace, name: string): Promise<KmsAliasRow | undefined>
  tags(keyId: string): Promise<readonly KmsTagRow[]>
  /** The names that lead to a key, all of its own account and region. */
  aliasNames(keyId: string): Promise<readonly string[]>
  list(place: KmsPlace, page: KmsPage): Promise<readonly KmsKeyRow[]>
  listAliases(place: KmsPlace, page: KmsPage): Promise<readonly KmsAliasRow[]>
  insert(key: KmsKeyRow, material: KmsMaterialRow): readonly Statement[]
  /** Changes a key if it is still in the state and has the material that it was read with. */
  update(key: KmsKeyRow, change: KmsKeyChange): Statement
  /**
   * Holds a key in the state and with the policy that a change was judged by: with any other, nothing of the change is
   * written, and nobody else changes the key before it is.
   */
  hold(key: KmsKeyRow): Statement
  insertAlias(alias: KmsAliasRow): Statement
  /** Moves an alias that still leads to the key which was read. */
  moveAlias(alias: KmsAliasRow, keyId: string, nowMs: number): Statement
  /** Removes an alias that still leads to the key which was read. */
  removeAlias(alias: KmsAliasRow): Statement
  insertGrant(grant: KmsGrantRow): Statement
  /** Lets a change pass only where, after it, a grant like this is there once. */
  requireOneGrant(grant: KmsGrantRow): Statement
  /** Lets a change pass only while a grant of the key is there. */
  requireGrant(grant: Pick<KmsGrantRow, 'key_id' | 'grant_id'>): Statement
  removeGrant(grantId: string): Statement
  setTag(tag: KmsTagRow): Statement
  /** Lets a change pass only where, after it, a key has no more than so many tags. */
  requireFewTags(keyId: string, most: number): Statement
  removeTag(keyId: string, key: string): Statement
}

export const kmsKeysTable = (reader: Reader<StoreTables>): KmsKeysTable => {
  const { query } = reader
  const keys = () => query.selectFrom('kms_keys').selectAll()
  const byAlias = compileOnce((account: string, region: string, alias: string) =>
    keys().where('account', '=', account).where('region', '=', region).where('alias', '=', alias),
  )
  const byId = compileOnce((keyId: string) => keys().where('key_id', '=', keyId))
  const material = compileOnce((keyId: string, number: number) =>
    query.selectFrom('kms_key_materials').selectAll().where('key_id', '=', keyId).where('material', '=', number),
  )
  const alias = compileOnce((account: string, region: string, name: string) =>
    query
      .selectFrom('kms_aliases')
      .selectAll()
      .where('account', '=', account)
      .where('region', '=', region)
      .where('name', '=', name),
  )
  const tags = compileOnce((keyId: string) =>
    query.selectFrom('kms_tags').selectAll().where('key_id', '=', keyId).orderBy('key'),
  )
  const aliasNames = compileOnce((keyId: string) =>
    query.selectFrom('kms_aliases').select('name').where('key_id', '=', keyId).orderBy('name'),
  )
  const count = query.fn.countAll().as('count')
  /** Changes nothing of a key, and lets what it is committed with pass only where so many rows are there. */
  const requireCount = (keyId: string, rows: Expression<unknown>, is: '=' | '<=', wanted: number): Statement =>
    statement(
      query
        .updateTable('kms_keys')
        .set(({ ref }) => ({ state: ref('state') }))
        .where('key_id', '=', keyId)
        .where(rows, is, wanted)
        .compile(),
      1,
    )
  const first = <Row>(rows: readonly Row[]): Row | undefined => rows[0]
  const aliasKey = ({ account, region, name, key_id }: KmsAliasRow) => ({ account, region, name, key_id })
  return {
    ...kmsGrants(reader),
    byAlias: async (account, region, name) => first(await reader.all(byAlias(account, region, name))),
    byId: async (keyId) => first(await reader.all(byId(keyId))),
    material: async (keyId, number) => first(await reader.all(material(keyId, number))),
    alias: async ({ account, region }, name) => first(await reader.all(alias(account, region, name))),
    tags: (keyId) => reader.all(tags(keyId)),
    aliasNames: async (keyId) => (await reader.all(aliasNames(keyId))).map(({ name }) => name),
    list: ({ account, region }, { after, limit }) =>
      reader.all(
        keys()
          .where('account', '=', account)
          .where('region', '=', region)
          .where('key_id', '>', after)
          .orderBy('key_id')
          .limit(limit)
          .compile(),
      ),
    listAliases: ({ account, region }, { after, limit }) =>
      reader.all(
        query
          .selectFrom('kms_aliases')
          .selectAll()
          .where('account', '=', account)
          .where('region', '=', region)
          .where('name', '>', after)
          .orderBy('name')
          .limit(limit)
          .compile(),
      ),
    insert: (key, firstMaterial) => [
      statement(query.insertInto('kms_keys').values(key).compile(), 1),
      statement(query.insertInto('kms_key_materials').values(firstMaterial).compile(), 1),
    ],
    update: ({ key_id, state, current_material }, change) =>
      statement(
        query
          .updateTable('kms_keys')
          .set(change)
          .where('key_id', '=', key_id)
          .where('state', '=', state)
          .where('current_material', '=', current_material)
          .compile(),
        1,
      ),
    hold: ({ key_id, state, policy }) =>
      statement(
        query
          .updateTable('kms_keys')
          .set({ state })
          .where('key_id', '=', key_id)
          .where('state', '=', state)
          .where('policy', sameAs(policy), policy)
          .compile(),
        1,
      ),
    insertAlias: (row) => statement(query.insertInto('kms_aliases').values(row).compile(), 1),
    moveAlias: (row, key_id, updated_at_ms) =>
      statement(
        query
          .updateTable('kms_aliases')
          .set({ key_id, updated_at_ms })
          .where(({ and }) => and(aliasKey(row)))
          .compile(),
        1,
      ),
    removeAlias: (row) =>
      statement(
        query
          .deleteFrom('kms_aliases')
          .where(({ and }) => and(aliasKey(row)))
          .compile(),
        1,
      ),
    insertGrant: (row) => statement(query.insertInto('kms_grants').values(row).compile(), 1),
    removeGrant: (grantId) => statement(query.deleteFrom('kms_grants').where('grant_id', '=', grantId).compile(), 1),
    requireGrant: ({ key_id, grant_id }) =>
      requireCount(
        key_id,
        query.selectFrom('kms_grants').select(count).where('key_id', '=', key_id).where('grant_id', '=', grant_id),
        '=',
        1,
      ),
    requireOneGrant: (grant) => requireCount(grant.key_id, sameGrants(query, grant).select(count), '=', 1),
    setTag: (row) =>
      statement(
        query
          .insertInto('kms_tags')
          .values(row)
          .onConflict((conflict) => conflict.columns(['key_id', 'key']).doUpdateSet({ value: row.value }))
          .compile(),
        1,
      ),
    requireFewTags: (key_id, most) =>
      requireCount(key_id, query.selectFrom('kms_tags').select(count).where('key_id', '=', key_id), '<=', most),
    removeTag: (keyId, key) =>
      statement(query.deleteFrom('kms_tags').where('key_id', '=', keyId).where('key', '=', key).compile()),
  }
}

/** SQL compares with null in a way of its own. */
const sameAs = (value: string | null) => (value === null ? 'is' : '=')
