import type { Effect } from '../machine/effect.ts'
import type { Alert, Rotation, RotationState } from '../machine/rotation.ts'

/** A step's outcome, after it was written down. Never a value. */
export interface RotationNotice {
  readonly atMs: number
  readonly secretId: string
  readonly rotationId: string
  /** Absent where somebody began it or asked for a rollback. */
  readonly effect?: Effect
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
  /** Called for every step. */
  step?(notice: RotationNotice): void
  alert?(alert: RotationAlert): Promise<void> | void
}
