import { type Retry, type Rotation, type RotationState, hasEnded, parseRotation } from '@keyplane/rotation'
import { readingStore } from '../storage/reading-store.ts'
import type { StoreDatabase } from '../storage/store-database.ts'
import type { SecretRotationRow } from '../storage/tables.ts'

/** What a store has written down of a secret's rotation: of the one that is under way, else of the last one. */
export interface NotedRotation {
  /** Asked for, and not settled. */
  readonly isUnderWay: boolean
  /** Absent where it was asked for and not begun, or its record can't be read. */
  readonly record?: NotedRecord
}

export interface NotedRecord {
  readonly state: RotationState
  /** When its last step ended, or failed. */
  readonly changedAtMs: number
  /** The version that it makes, or made. */
  readonly versionId: string
  /** Of the step that is tried again and again. */
  readonly failing?: { readonly failures: number; readonly code: string; readonly reason?: string }
}

/** By which the journal's record is known as that of what was asked for last. */
export const rotationIdOf = ({
  pending_version,
  asked_at_ms,
}: Pick<SecretRotationRow, 'pending_version' | 'asked_at_ms'>): string => `${pending_version}:${asked_at_ms}`

/** What is noted of rotations, by their secrets' ARNs; of one secret, or of all. Another process may be writing it. */
export const notedRotations = (database: StoreDatabase, arn?: string): Promise<ReadonlyMap<string, NotedRotation>> =>
  readingStore(database, async (reader) => {
    const rows = await reader.all(
      reader.query
        .selectFrom('secret_rotations')
        .innerJoin('secrets', 'secrets.id', 'secret_rotations.secret_id')
        .leftJoin('rotations', 'rotations.secret_id', 'secret_rotations.secret_id')
        .select(['arn', 'pending_version', 'asked_at_ms', 'record'])
        .$if(arn !== undefined, (query) => query.where('arn', '=', arn ?? ''))
        .compile(),
    )
    return new Map(
      rows.map(({ arn, record, ...asked }) => {
        const isUnderWay = asked.pending_version !== null
        const rotation = readable(record)
        const isMeant = rotation && (isUnderWay ? rotation.rotationId === rotationIdOf(asked) : hasEnded(rotation))
        return [arn, { isUnderWay, ...(isMeant && { record: notedRecord(rotation) }) }]
      }),
    )
  })

const notedRecord = ({ state, changedAtMs, pendingVersion, retry }: Rotation): NotedRecord => ({
  state,
  changedAtMs,
  versionId: pendingVersion,
  ...(retry && { failing: failureOf(retry) }),
})

const failureOf = ({ failures, code, reason }: Retry): NonNullable<NotedRecord['failing']> => ({
  failures,
  code,
  ...(reason !== undefined && { reason }),
})

/** One that is damaged must not hide the others. */
const readable = (record: string | null): Rotation | undefined => {
  try {
    return record === null ? undefined : parseRotation(record)
  } catch {
    return undefined
  }
}
