import type { Clock, Random } from '@keyplane/core'
import type { RotationPolicy } from '../machine/policy.ts'
import type { Canary, Rotation } from '../machine/rotation.ts'
import type { RotationJournal } from '../ports/journal.ts'
import type { RotationObserver } from '../ports/notices.ts'
import type { Receipts } from '../ports/receipts.ts'
import type { Rotator } from '../ports/rotator.ts'
import type { SecretVersions } from '../ports/secret-versions.ts'

export interface RotationEngineParts {
  readonly journal: RotationJournal
  readonly versions: SecretVersions
  readonly rotators: readonly Rotator[]
  readonly clock: Clock
  readonly random: Random
  /** What is left out has its default. */
  readonly policy?: Partial<RotationPolicy>
  readonly observer?: RotationObserver
  /**
   * What consumers have used: the old credential is retired once all have acknowledged the new one. Default: nobody tells,
   * the grace period is waited out, and there are no canaries.
   */
  readonly receipts?: Receipts
  /** How long one step may take. Default 30,000. */
  readonly effectTimeoutMs?: number
  /**
   * How long a process that died is waited for; one that lives renews its lease. Processes must agree on the time to within
   * half of it. Default twice `effectTimeoutMs`; an hour at most.
   */
  readonly leaseMs?: number
}

/** A rotation to begin. */
export interface RotationRequest {
  readonly secretId: string
  /** A rotator's name. */
  readonly rotator: string
  /** The identifier of the version to come; AWS's ClientRequestToken. Default: a new UUID. */
  readonly pendingVersion?: string
  /** By which whoever asks knows it again. Default: a new UUID. */
  readonly rotationId?: string
  /** The version may be there already, left by a rotation that ended: it is rotated to. Default: that is refused. */
  readonly adopts?: boolean
  /** Some consumers are given the new version before all are. Default: all at once. */
  readonly canary?: Canary
}

/** How far a rotation was brought. */
export type Advance =
  | { readonly status: 'ended'; readonly rotation: Rotation }
  /** Nothing is to be done before that moment. */
  | { readonly status: 'waiting'; readonly rotation: Rotation; readonly untilMs: number }
  /** Another process has it. */
  | { readonly status: 'busy' }
  /** It was told to end. The next one goes on where it was. */
  | { readonly status: 'stopped' }
  /** No rotation of the secret was ever begun. */
  | { readonly status: 'none' }

/**
 * Carries rotations through: one step at a time, each outcome written down before the next step begins, under a lease
 * that only one process has. Whoever comes after a crash calls `advance` and goes on where it was.
 */
export interface RotationEngine {
  /**
   * Writes down that a secret is to be rotated. One that is under way is given as it is, and no other begun.
   * @throws SecretsError `config_invalid` for an unknown rotator, and a canary that is none or that nobody reports of;
   * `unsupported` for one where the target refuses the old credential at once (`no_overlap`); `conflict` where another process has it (`lease_lost`)
   * or the version to come is there already (`version_exists`).
   */
  begin(request: RotationRequest): Promise<Rotation>
  /**
   * Goes on until the rotation has ended, has to wait, or is another's. Once `ending` is aborted no further step is begun,
   * and one under way is given up after two seconds: nobody knows how it ended, and it is done again.
   * With `atOnce` a step that failed is not waited for: somebody asks for it.
   * @throws SecretsError what the journal throws.
   */
  advance(secretId: string, ending?: AbortSignal, how?: { readonly atOnce?: boolean }): Promise<Advance>
  /** Notes that the rotation is to be taken back; `advance` does it. @throws SecretsError `unsupported`, `conflict` */
  requestRollback(secretId: string): Promise<Rotation>
}
