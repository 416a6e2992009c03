import type { Effect } from '../machine/effect.ts'
import type { StepOutcome } from '../machine/event.ts'
import type { Alert, Retry, Rotation, RotationState } from '../machine/rotation.ts'

/** A step that was done or tried. */
export interface NoticedStep {
  readonly effect: Effect
  readonly outcome: StepOutcome
  /** What it failed with: a code and a reason of this program's, never a target's words. */
  readonly failure?: Pick<Retry, 'code' | 'reason'>
}

/** What became of a rotation, after it was written down. Never a value. */
export interface RotationNotice extends Partial<NoticedStep> {
  readonly atMs: number
  readonly secretId: string
  readonly rotationId: string
  /** The version that is being made. */
  readonly pendingVersion: string
  /** Absent where it was begun; the step is, too, and where somebody asked for a rollback. */
  readonly from?: RotationState
  readonly to: RotationState
}

/** An alert, with an identity by which a repetition is known. */
export interface RotationAlert extends Alert {
  readonly id: string
  readonly rotation: Rotation
}

/** Who is told. What these throw changes nothing of a rotation; an alert that was not taken is handed over again. */
export interface RotationObserver {
  /** Called for every step, also for one that failed. */
  step?(notice: RotationNotice): void
  alert?(alert: RotationAlert): Promise<void> | void
}
