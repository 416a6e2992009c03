import type { NamedOperation } from '../../operation.ts'
import { dayMs } from '../../day.ts'
import { integer, type Shape } from '../../parsing/member.ts'
import { epochSeconds } from '../../epoch-seconds.ts'
import { awsError } from '../../aws-errors.ts'
import { changeKey, keyOperation, requireNotPending } from '../key-operation.ts'
import { keyArn } from '../kms-keys.ts'
import * as members from '../members.ts'

interface KeyRequest {
  readonly KeyId: string
}
const shape: Shape<KeyRequest> = { KeyId: members.keyId }
const keyId = ({ KeyId }: KeyRequest): string => KeyId

const becomes = (name: 'EnableKey' | 'DisableKey', state: 'enabled' | 'disabled'): NamedOperation =>
  keyOperation({
    name,
    shape,
    keyId,
    run: async (context, _input, key) => {
      requireNotPending(key)
      await changeKey(context, [context.kmsKeys.table.update(key, { state })], key)
      return {}
    },
  })

export const enableKey: NamedOperation = becomes('EnableKey', 'enabled')
export const disableKey: NamedOperation = becomes('DisableKey', 'disabled')

interface ScheduleKeyDeletionRequest extends KeyRequest {
  readonly PendingWindowInDays?: number
}

const scheduleShape: Shape<ScheduleKeyDeletionRequest> = {
  KeyId: members.keyId,
  // AWS: 7–30 days, 30 where none is given.
  PendingWindowInDays: integer({ min: 7, max: 30 }),
}

/** A key that waits for its deletion encrypts and decrypts nothing; until then the deletion can be taken back. */
export const scheduleKeyDeletion: NamedOperation = keyOperation({
  name: 'ScheduleKeyDeletion',
  shape: scheduleShape,
  keyId,
  conditions: ({ PendingWindowInDays = 30 }: ScheduleKeyDeletionRequest) => ({
    'kms:ScheduleKeyDeletionPendingWindowInDays': PendingWindowInDays,
  }),
  run: async (context, { PendingWindowInDays = 30 }, key) => {
    requireNotPending(key)
    const deletion_at_ms = context.nowMs + PendingWindowInDays * dayMs
    const change = { state: 'pending_deletion', deletion_at_ms } as const
    await changeKey(context, [context.kmsKeys.table.update(key, change)], key)
    return {
      KeyId: keyArn(key),
      DeletionDate: epochSeconds(deletion_at_ms),
      KeyState: 'PendingDeletion',
      PendingWindowInDays,
    }
  },
})

/** Leaves the key disabled, as AWS does. */
export const cancelKeyDeletion: NamedOperation = keyOperation({
  name: 'CancelKeyDeletion',
  shape,
  keyId,
  run: async (context, _input, key) => {
    if (key.state !== 'pending_deletion')
      throw awsError('KMSInvalidStateException', `${keyArn(key)} is not pending deletion.`)
    const change = { state: 'disabled', deletion_at_ms: null } as const
    await changeKey(context, [context.kmsKeys.table.update(key, change)], key)
    return { KeyId: keyArn(key) }
  },
})
