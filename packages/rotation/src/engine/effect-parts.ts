import type { Outcome } from '../machine/event.ts'
import type { RotationPolicy } from '../machine/policy.ts'
import type { Rotation } from '../machine/rotation.ts'
import type { Receipts } from '../ports/receipts.ts'
import type { Rotator, RotatorCall } from '../ports/rotator.ts'
import type { SecretVersions } from '../ports/secret-versions.ts'

/** What an effect is done with. */
export interface EffectParts {
  readonly versions: SecretVersions
  readonly rotator: Rotator
  readonly call: RotatorCall
  readonly nowMs: () => number
  readonly policy: RotationPolicy
  readonly receipts?: Receipts | undefined
}

/** How an effect ended. */
export type EffectResult = Exclude<Outcome, { readonly kind: 'failed' }>
/** Does one effect, whether or not it was done before. */
export type Act = (rotation: Rotation, parts: EffectParts) => Promise<EffectResult>
