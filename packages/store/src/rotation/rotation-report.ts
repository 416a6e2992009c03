import type { RotationNotice, RotationState } from '@keyplane/rotation'

/** What became of a rotation, for people who watch. Never a value, nor what a target said. */
export interface RotationReport extends Omit<RotationNotice, 'secretId' | 'to'> {
  readonly arn: string
  /** The secret's name. */
  readonly name: string
  readonly state: RotationState
}
