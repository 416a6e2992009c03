import { compileOnce, type Reader, type Statement, statement } from '@keyplane/database'
import type { CompiledQuery } from 'kysely'
import type { SecretTarget } from '../secretsmanager/secret-target.ts'
import type { ReplicaRow, SecretRow, StageRow, StoreTables, TagRow } from './tables.ts'

/** A secret with all that is small about it: no version's value. */
export interface LoadedSecret {
  readonly secret: SecretRow
  readonly tags: readonly TagRow[]
  readonly stages: readonly StageRow[]
  /** In the order in which they were asked for. */
  readonly replicas: readonly ReplicaRow[]
}

/** The beginning of names in an account and region. */
export interface NamePrefix {
  readonly account: string
  readonly region: string
  readonly prefix: string
  /** At most so many. */
  readonly limit: number
}

/** What of a secret may change. */
export type SecretChange = Partial<Omit<SecretRow, 'id' | 'account' | 'region' | 'name' | 'arn' | 'revision'>>

/** Reads secrets, and gives the statements that change them. */
export interface SecretsTable {
  /** The secret that is meant, one past its deletion date included. */
  find(target: SecretTarget): Promise<SecretRow | undefined>
  /** The secret with its tags, labels and replicas, all of one moment. */
  load(target: SecretTarget): Promise<LoadedSecret | undefined>
  loadById(id: string): Promise<LoadedSecret | undefined>
  /** Tags and labels of several secrets, by the secrets' ids. */
  partsOf(ids: readonly string[]): Promise<{ readonly tags: readonly TagRow[]; readonly stages: readonly StageRow[] }>
  /** Secrets whose names begin with a text, those that wait for their deletion included, in no order. */
  withName(name: NamePrefix): Promise<readonly SecretRow[]>
  /** Secrets whose deletion date has come, the longest gone first. */
  gone(nowMs: number, limit: number): Promise<readonly SecretRow[]>
  count(nowMs: number): Promise<number>
  /** How many an account has in a region, those that wait for their deletion included. */
  countIn(account: string, region: string): Promise<number>
  insert(secret: SecretRow, tags: readonly TagRow[]): readonly Statement[]
  /** Changes the secret if nobody else has since it was read. */
  update(secret: SecretRow, change: SecretChange): Statement
  /** Notes a read of the secret on a day, unless that day is noted already. */
  touch(id: string, todayMs: number): Statement
  /** Makes these the only tags of a secret. */
  retag(id: string, tags: readonly TagRow[]): readonly Statement[]
  /** Removes the secret with all its versions if nobody has changed it since it was read. */
  remove(secret: SecretRow): Statement
}

export const secretsTable = (reader: Reader<StoreTables>): SecretsTable => {
  const { query } = reader
  const byArn = compileOnce((arn: string) => query.selectFrom('secrets').selectAll().where('arn', '=', arn))
  const byName = compileOnce((account: string, region: string, name: string) =>
    query
      .selectFrom('secrets')
      .selectAll()
      .where('account', '=', account)
      .where('region', '=', region)
      .where('name', '=', name),
  )
  const byId = compileOnce((id: string) => query.selectFrom('secrets').selectAll().where('id', '=', id))
  const tagsOf = (ids: readonly string[]): CompiledQuery<TagRow> =>
    query.selectFrom('secret_tags').selectAll().where('secret_id', 'in', ids).orderBy('position').compile()
  const stagesOf = (ids: readonly string[]): CompiledQuery<StageRow> =>
    query.selectFrom('version_stages').selectAll().where('secret_id', 'in', ids).orderBy('position').compile()
  const replicasOf = compileOnce((id: string) =>
    query.selectFrom('secret_replicas').selectAll().where('primary_id', '=', id).orderBy('position'),
  )
  const touch = compileOnce((day: number, id: string, before: number) =>
    query.updateTable('secrets').set({ accessed_at_ms: day }).where('id', '=', id).where('accessed_at_ms', '<', before),
  )

  const find = async (target: SecretTarget): Promise<SecretRow | undefined> => {
    const { kind, id, account, region, name } = target
    return (await reader.all(kind === 'arn' ? byArn(id) : byName(account, region, name)))[0]
  }
  const loadById = async (id: string): Promise<LoadedSecret | undefined> => {
    const [[secret], tags, stages, replicas] = await reader.snapshot([
      byId(id),
      tagsOf([id]),
      stagesOf([id]),
      replicasOf(id),
    ])
    return secret && { secret, tags, stages, replicas }
  }
  const insertTags = (tags: readonly TagRow[]): readonly Statement[] =>
    tags.map((tag) => statement(query.insertInto('secret_tags').values(tag).compile(), 1))
  return {
    find,
    load: async (target) => {
      const id = (await find(target))?.id
      return id === undefined ? undefined : loadById(id)
    },
    loadById,
    partsOf: async (ids) => {
      if (ids.length === 0) return { tags: [], stages: [] }
      const [tags, stages] = await reader.snapshot([tagsOf(ids), stagesOf(ids)])
      return { tags, stages }
    },
    withName: ({ account, region, prefix, limit }) =>
      reader.all(
        query
          .selectFrom('secrets')
          .selectAll()
          .where('account', '=', account)
          .where('region', '=', region)
          .where('name', '>=', prefix)
          // No character of a name is as far behind as the last of ASCII.
          .where('name', '<', `${prefix}\u007f`)
          .limit(limit)
          .compile(),
      ),
    gone: (nowMs, limit) =>
      reader.all(
        query
          .selectFrom('secrets')
          .selectAll()
          .where('gone_at_ms', '<=', nowMs)
          .orderBy('gone_at_ms')
          .limit(limit)
          .compile(),
      ),
    count: async (nowMs) => {
      const counted = query
        .selectFrom('secrets')
        .select(({ fn }) => fn.countAll<number>().as('n'))
        .where(({ eb, or }) => or([eb('gone_at_ms', 'is', null), eb('gone_at_ms', '>', nowMs)]))
      return (await reader.all(counted.compile()))[0]?.n ?? 0
    },
    countIn: async (account, region) => {
      const counted = query
        .selectFrom('secrets')
        .select(({ fn }) => fn.countAll<number>().as('n'))
        .where('account', '=', account)
        .where('region', '=', region)
      return (await reader.all(counted.compile()))[0]?.n ?? 0
    },
    insert: (secret, tags) => [statement(query.insertInto('secrets').values(secret).compile(), 1), ...insertTags(tags)],
    retag: (id, tags) => [
      statement(query.deleteFrom('secret_tags').where('secret_id', '=', id).compile()),
      ...insertTags(tags.map((tag) => ({ ...tag, secret_id: id }))),
    ],
    update: ({ id, revision }, change) =>
      statement(
        query
          .updateTable('secrets')
          .set({ ...change, revision: revision + 1 })
          .where('id', '=', id)
          .where('revision', '=', revision)
          .compile(),
        1,
      ),
    touch: (id, todayMs) => statement(touch(todayMs, id, todayMs)),
    remove: ({ id, revision }) =>
      statement(query.deleteFrom('secrets').where('id', '=', id).where('revision', '=', revision).compile(), 1),
  }
}
