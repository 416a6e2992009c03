import type { SecretsError } from '@keyplane/core'
import { onFailure } from '../cache/on-failure.ts'
import { failureKind } from './failure-kind.ts'

/**
 * Which of a source's failures are thrown, instead of the next source being asked: none (`false`); its refusals
 * (`'refusals'`), which another source would undo, but not those that pass by themselves, as a token that expired;
 * everything but an absence (`true`).
 */
export type Strictness = boolean | 'refusals'

/** Whether a read ends with this failure. */
export const endsRead = (error: SecretsError, strict: Strictness): boolean =>
  strict === 'refusals' ? onFailure(error) === 'suspend' : strict && failureKind[error.code] !== 'absent'
