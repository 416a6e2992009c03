import { type ReplicaRegion, parseSecretArn, partitionOf, secretArn } from '@keyplane/aws'
import type { Statement } from '@keyplane/database'
import { AwsError, awsError } from '../../aws-errors.ts'
import { failed, replicationSucceeded } from './followers.ts'
import { requireKmsKey } from '../require-kms-key.ts'
import type { OperationContext } from '../../operation-context.ts'
import { isGone } from '../recovery-window.ts'
import type { LoadedSecret } from '../../storage/secrets-table.ts'
import type { ReplicaRow, SecretRow } from '../../storage/tables.ts'

/** A place that a secret is to be copied to. */
export interface ReplicaPlace {
  readonly region: string
  /** As it is stored; empty for the region's default key. */
  readonly kmsKey: string
}

/**
 * The regions of an input: each once, none the secret's own, all of its partition.
 * @throws AwsError InvalidParameterException
 */
export const requireReplicaPlaces = (
  regions: readonly ReplicaRegion[],
  context: Pick<OperationContext, 'caller'>,
): readonly ReplicaPlace[] => {
  const { caller } = context
  const seen = new Set([caller.region])
  return regions.map(({ Region: region = '', KmsKeyId }) => {
    if (seen.has(region) || region === '' || partitionOf(region).name !== partitionOf(caller.region).name)
      throw awsError('InvalidParameterException', 'Invalid replica region.')
    seen.add(region)
    return { region, kmsKey: requireKmsKey(KmsKeyId, { ...caller, region }) }
  })
}

export interface ReplicasWanted {
  readonly places: readonly ReplicaPlace[]
  /** Whether a secret of the same name may be overwritten there. */
  readonly force: boolean
  /** What a new replica is to hold besides its row and tags. */
  readonly fill: (replica: SecretRow) => Promise<readonly Statement[]>
}

export interface ReplicasMade {
  readonly statements: readonly Statement[]
  /** What the primary now knows of each place that was asked for and was not there. */
  readonly rows: readonly ReplicaRow[]
  /** Those that were made, by ARN. */
  readonly followers: readonly string[]
}

/** Makes replicas of a secret. Where its name is taken the replica fails, and the others are made all the same. */
export const makeReplicas = async (
  context: OperationContext,
  primary: LoadedSecret,
  { places, force, fill }: ReplicasWanted,
): Promise<ReplicasMade> => {
  const { replicas } = context
  const statements: Statement[] = []
  const rows: ReplicaRow[] = []
  const followers: string[] = []
  const known = new Map(primary.replicas.map((row) => [row.arn, row]))
  for (const [index, place] of places.entries()) {
    const replica = replicaOf(context, primary.secret, place)
    const before = known.get(replica.arn)
    if (before?.status === 'InSync') continue
    const position = before?.position ?? primary.replicas.length + index
    const made = await makeOne(context, { primary, replica, force, fill })
    const row = replicaRow(primary.secret, replica, { position, failure: made.failure })
    rows.push(row)
    statements.push(replicas.put(row), ...made.statements)
    if (made.failure === undefined) followers.push(replica.arn)
  }
  return { statements, rows, followers }
}

interface OneReplica {
  readonly primary: LoadedSecret
  readonly replica: SecretRow
  readonly force: boolean
  readonly fill: ReplicasWanted['fill']
}

interface OneMade {
  readonly statements: readonly Statement[]
  /** Why it was not made. */
  readonly failure?: string
}

const makeOne = async (context: OperationContext, { primary, replica, force, fill }: OneReplica): Promise<OneMade> => {
  const { cleared, failure } = await makeRoom(context, primary.secret, replica, force)
  if (failure !== undefined) return { statements: [], failure }
  try {
    const tags = primary.tags.map((tag) => ({ ...tag, secret_id: replica.id }))
    return { statements: [...cleared, ...context.secrets.insert(replica, tags), ...(await fill(replica))] }
  } catch (error) {
    // The caller may not use the replica's key: that is no fault of the primary.
    if (!(error instanceof AwsError)) throw error
    return { statements: [], failure: failed(error).message }
  }
}

const replicaOf = (context: OperationContext, primary: SecretRow, { region, kmsKey }: ReplicaPlace): SecretRow => {
  const { account, name } = primary
  const suffix = parseSecretArn(primary.arn)?.suffix ?? ''
  const { nowMs, rowIds, random } = context
  return {
    ...primary,
    id: rowIds.next(nowMs, random),
    region,
    arn: secretArn({ account, region, name, suffix }),
    kms_key: kmsKey,
    created_at_ms: nowMs,
    changed_at_ms: nowMs,
    accessed_at_ms: 0,
    primary_region: primary.region,
    replica_of: primary.id,
  }
}

const replicaRow = (
  primary: SecretRow,
  { arn, region, kms_key, id }: SecretRow,
  { position, failure }: { readonly position: number; readonly failure: string | undefined },
): ReplicaRow => ({
  primary_id: primary.id,
  arn,
  region,
  kms_key,
  role_arn: null,
  status: failure === undefined ? 'InSync' : 'Failed',
  message: failure ?? replicationSucceeded,
  replica_id: failure === undefined ? id : null,
  position,
})

interface Room {
  readonly cleared: readonly Statement[]
  /** Why there is none. */
  readonly failure?: string
}

/** Sees to it that the replica's name is free in its region, if that may be. */
const makeRoom = async (
  { secrets, nowMs }: OperationContext,
  primary: SecretRow,
  { account, region, name }: SecretRow,
  force: boolean,
): Promise<Room> => {
  const taken = await secrets.find({ kind: 'name', id: name, account, region, name })
  if (!taken) return { cleared: [] }
  // A replica of this secret that could not follow is made anew.
  if (isGone(taken, nowMs) || taken.replica_of === primary.id) return { cleared: [secrets.remove(taken)] }
  if (!force)
    return { cleared: [], failure: `Replication failed: Secret name ${name} already exists in region ${region}.` }
  // What is a primary or a replica itself is not overwritten: others would be left without theirs.
  if (taken.primary_region !== null || taken.primary_arn !== null)
    return {
      cleared: [],
      failure: `Replication failed: Secret name ${name} is currently replicated to ${region} with a different arn.`,
    }
  return { cleared: [secrets.remove(taken)] }
}
