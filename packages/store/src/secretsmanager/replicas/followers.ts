import type { Statement } from '@keyplane/database'
import { AwsError } from '../../aws-errors.ts'
import { copyLabelledVersions } from '../versions/copy-versions.ts'
import type { OperationContext } from '../../operation-context.ts'
import type { LoadedSecret, SecretChange } from '../../storage/secrets-table.ts'
import type { ReplicaRow } from '../../storage/tables.ts'

/** What becomes of one secret: of the primary, or of a replica that follows it. */
export interface Change {
  readonly facts?: SecretChange
  readonly statements?: readonly Statement[]
}

/** Says what becomes of a secret; nothing where it stays as it is. */
export type Changing = (member: LoadedSecret) => Promise<Change | undefined> | Change | undefined

/** What a change of a secret takes, its replicas included. */
export interface ChangeOfAll {
  readonly statements: readonly Statement[]
  /** The replicas that are changed, by ARN. */
  readonly followers: readonly string[]
}

/** The replicas that follow a secret. One that was promoted in between is not among them. */
export const followersOf = async (
  { secrets }: OperationContext,
  { secret, replicas }: LoadedSecret,
): Promise<readonly LoadedSecret[]> => {
  const ids = replicas.flatMap(({ replica_id }) => (replica_id === null ? [] : [replica_id]))
  const found = await Promise.all(ids.map((id) => secrets.loadById(id)))
  return found.filter((replica) => replica !== undefined && replica.secret.replica_of === secret.id) as LoadedSecret[]
}

/** Whether a replica is in another account, where tags and policy are its owner's. */
export const isInOtherAccount = ({ secret }: LoadedSecret): boolean => secret.primary_arn !== null

/**
 * Changes a secret and all that follow it in one unit, each guarded by its own revision. A replica that cannot follow,
 * because the caller may not use its key, stays as it is and is noted as failed; it catches up with the next change that
 * it can follow. `writes` is the version that the change gives a value, if it does.
 */
export const changeAll = async (
  context: OperationContext,
  loaded: LoadedSecret,
  change: Changing,
  writes?: string,
): Promise<ChangeOfAll> => {
  const own = await changedBy(context, loaded, change)
  if (!own) return { statements: [], followers: [] }
  const statements = [...own]
  const followers: string[] = []
  for (const follower of await followersOf(context, loaded)) {
    // The version that is written comes with the change, not by catching up.
    const stages = loaded.stages.filter(({ version_id }) => version_id !== writes)
    const followed = await follow(context, { ...loaded, stages }, follower, change)
    statements.push(...followed.statements)
    if (followed.isChanged) followers.push(follower.secret.arn)
  }
  return { statements, followers }
}

const changedBy = async (
  { secrets, nowMs }: OperationContext,
  member: LoadedSecret,
  change: Changing,
  before: Change = {},
): Promise<readonly Statement[] | undefined> => {
  const changed = await change(member)
  if (!changed) return undefined
  const facts = { changed_at_ms: nowMs, ...before.facts, ...changed.facts }
  return [secrets.update(member.secret, facts), ...(before.statements ?? []), ...(changed.statements ?? [])]
}

interface Followed {
  readonly statements: readonly Statement[]
  readonly isChanged: boolean
}

const follow = async (
  context: OperationContext,
  primary: LoadedSecret,
  follower: LoadedSecret,
  change: Changing,
): Promise<Followed> => {
  const row = primary.replicas.find(({ replica_id }) => replica_id === follower.secret.id)
  if (!row) return { statements: [], isChanged: false }
  try {
    if (row.status === 'InSync') {
      const statements = await changedBy(context, follower, change)
      return { statements: statements ?? [], isChanged: statements !== undefined }
    }
    const caughtUp = { ...follower, tags: primary.tags, stages: primary.stages }
    const statements = await changedBy(context, caughtUp, change, await catchUp(context, primary, follower))
    if (!statements) return { statements: [], isChanged: false }
    return { statements: [...statements, context.replicas.put(inSync(row, primary))], isChanged: true }
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    return { statements: [context.replicas.put({ ...row, ...failed(error) })], isChanged: false }
  }
}

/** What a replica that could not follow has missed. */
const catchUp = async (context: OperationContext, primary: LoadedSecret, follower: LoadedSecret): Promise<Change> => {
  const { description, type, tagged } = primary.secret
  const versions = await copyLabelledVersions(context, primary, follower)
  if (isInOtherAccount(follower)) return { facts: { description }, statements: versions }
  const { id } = follower.secret
  const policy = await context.policies.of(primary.secret.id)
  return {
    facts: { description, type, tagged },
    statements: [
      ...versions,
      ...context.secrets.retag(id, primary.tags),
      policy === undefined ? context.policies.remove(id) : context.policies.put(id, policy),
    ],
  }
}

const inSync = (row: ReplicaRow, { secret }: LoadedSecret): ReplicaRow => ({
  ...row,
  status: 'InSync',
  message: row.region === secret.region ? '' : replicationSucceeded,
})

/** What AWS says of a replica in another region that is as its primary. */
export const replicationSucceeded = 'Replication succeeded'

/** How a replica stands that could not be made, or could not follow. */
export const failed = (error: AwsError): Pick<ReplicaRow, 'status' | 'message'> => ({
  status: 'Failed',
  message: `Replication failed: ${error.message}`,
})
