import type { SecretsError } from '@keyplane/core'
import { failureKind } from './failure-kind.ts'

/**
 * Which of a source's failures are thrown, instead of the next source being asked: none (`false`); its refusals
 * (`'refusals'`), which another source would undo; everything but an absence (`true`).
 */
export type Strictness = boolean | 'refusals'

/** Whether a read ends with this failure. */
export const endsRead = ({ code }: SecretsError, strict: Strictness): boolean => {
  const kind = failureKind[code]
  return strict === 'refusals' ? kind === 'denied' : strict && kind !== 'absent'
}
