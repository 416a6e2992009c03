import type { AlertKind, NoticedStep, RotationNotice, RotationState } from '@keyplane/rotation'

interface About {
  readonly atMs: number
  readonly arn: string
  /** The secret's name. */
  readonly name: string
  readonly rotationId: string
}

/** A step of a rotation that was done or tried; where no step is named, it was begun, or is to be taken back. */
export interface RotationStepReport extends About, Omit<RotationNotice, 'secretId' | 'to' | keyof About> {
  readonly kind: 'step'
  readonly state: RotationState
}

/** How a secret is to be rotated was tried, and nothing rotated. */
export interface RotationTrialReport extends About {
  readonly kind: 'trial'
  readonly outcome: 'done' | 'failed'
  readonly failure?: NonNullable<NoticedStep['failure']>
}

/** Somebody has to look, or should know. A store that was killed in between tells it once more, under the same id. */
export interface RotationAlertReport extends About {
  readonly kind: 'alert'
  readonly alert: AlertKind
  readonly alertId: string
}

/** What became of a rotation, for people who watch. Never a value, nor what a target said. */
export type RotationReport = RotationStepReport | RotationTrialReport | RotationAlertReport
