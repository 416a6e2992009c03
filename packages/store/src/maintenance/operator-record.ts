import { userInfo } from 'node:os'
import { type AuditRecord, type Clock, type Random, systemClock, systemRandom, uuid } from '@keyplane/core'

/** What an operator does to a whole store. */
export type OperatorAction =
  | 'keyplane:BackUpStore'
  | 'keyplane:RestoreStore'
  | 'keyplane:RekeyStore'
  | 'keyplane:RenewKmsKey'
  | 'keyplane:RewrapDataKeys'

export interface OperatorRecordParts {
  readonly clock?: Clock
  readonly random?: Random
  readonly resource?: string
  readonly detail?: Readonly<Record<string, string>>
}

/** The record of what an operator does; the actor is this process's user, by the operating system's name. */
export const operatorRecord = (
  action: OperatorAction,
  { clock = systemClock, random = systemRandom, resource = '', detail }: OperatorRecordParts = {},
): AuditRecord => ({
  atMs: clock.nowMs(),
  actor: `keyplane:operator/${userName()}`,
  action,
  resource,
  decision: 'allow',
  requestId: uuid(random),
  ...(detail && { detail }),
})

/** A container's user may have a number and no name. */
const userName = (): string => {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? 'unknown')
  }
}
