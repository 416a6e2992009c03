import { compileOnce, type Reader, type Statement } from '@keyplane/database'
import { statement } from './statement.ts'
import type { KmsKeyRow, KmsMaterialRow, StoreTables } from './tables.ts'

/** Reads KMS keys and their wrapped materials, and gives the statements that make them. */
export interface KmsKeysTable {
  byAlias(account: string, region: string, alias: string): Promise<KmsKeyRow | undefined>
  byId(keyId: string): Promise<KmsKeyRow | undefined>
  material(keyId: string, material: number): Promise<KmsMaterialRow | undefined>
  insert(key: KmsKeyRow, material: KmsMaterialRow): readonly Statement[]
}

export const kmsKeysTable = (reader: Reader<StoreTables>): KmsKeysTable => {
  const { query } = reader
  const byAlias = compileOnce((account: string, region: string, alias: string) =>
    query
      .selectFrom('kms_keys')
      .selectAll()
      .where('account', '=', account)
      .where('region', '=', region)
      .where('alias', '=', alias),
  )
  const byId = compileOnce((keyId: string) => query.selectFrom('kms_keys').selectAll().where('key_id', '=', keyId))
  const material = compileOnce((keyId: string, number: number) =>
    query.selectFrom('kms_key_materials').selectAll().where('key_id', '=', keyId).where('material', '=', number),
  )
  return {
    byAlias: async (account, region, alias) => (await reader.all(byAlias(account, region, alias)))[0],
    byId: async (keyId) => (await reader.all(byId(keyId)))[0],
    material: async (keyId, number) => (await reader.all(material(keyId, number)))[0],
    insert: (key, first) => [
      statement(query.insertInto('kms_keys').values(key).compile(), 1),
      statement(query.insertInto('kms_key_materials').values(first).compile(), 1),
    ],
  }
}
