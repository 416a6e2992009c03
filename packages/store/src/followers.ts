import type { Statement } from '@keyplane/database'
import type { OperationContext } from './operation-context.ts'
import type { LoadedSecret, SecretChange } from './storage/secrets-table.ts'

/** What becomes of one secret: of the primary, or of a replica that follows it. */
export interface Change {
  readonly facts?: SecretChange
  readonly statements?: readonly Statement[]
}

/** What a change of a secret takes, its replicas included. */
export interface ChangeOfAll {
  readonly statements: readonly Statement[]
  /** The replicas, by ARN. */
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

/** Changes a secret and all that follow it in one unit, each guarded by its own revision. */
export const changeAll = async (
  context: OperationContext,
  loaded: LoadedSecret,
  change: (member: LoadedSecret) => Promise<Change | undefined> | Change | undefined,
): Promise<ChangeOfAll> => {
  const statements: Statement[] = []
  const followers: string[] = []
  for (const member of [loaded, ...(await followersOf(context, loaded))]) {
    const changed = await change(member)
    if (!changed) continue
    statements.push(context.secrets.update(member.secret, { changed_at_ms: context.nowMs, ...changed.facts }))
    statements.push(...(changed.statements ?? []))
    if (member !== loaded) followers.push(member.secret.arn)
  }
  return { statements, followers }
}
