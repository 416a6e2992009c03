import type { SecretValue } from '@keyplane/core'

/** What every call of a rotator is told. */
export interface RotatorCall {
  readonly secretId: string
  readonly rotationId: string
  /** The version that is being made: the same through all of one try, and so an idempotency key. */
  readonly pendingVersion: string
  /** Greater than that of whoever rotated the secret before; a target that can keep it refuses a smaller one. */
  readonly fence: number
  /** Aborted before the lease ends. */
  readonly signal: AbortSignal
  /**
   * Asked right before the target is changed.
   * @throws SecretsError `conflict` (`lease_lost`) if the lease may have ended meanwhile, `timeout` if the step was
   * given up.
   */
  requireLease(): void
}

/** The credentials of a rotation. */
export interface Credentials {
  /** The one that readers had when the rotation began. */
  readonly current: SecretValue
  readonly pending: SecretValue
}

/** Whether a target takes a credential. A target that can't be asked is an error, never a no. */
export type Acceptance = 'accepted' | 'refused'

/**
 * Changes one kind of credential at its target. Every call may come again, after it was done and nobody heard of it.
 * What is thrown means: not known, or not tried; it is tried again. A certain no is an answer.
 */
export interface Rotator {
  /** Its registry name. */
  readonly name: string
  /** Whether `set` and `revert` work where no stored credential is accepted. */
  readonly repairs: boolean
  /** The target accepts the old credential beside the new one until `retire`, so that a canary can have the new one first. */
  readonly overlaps?: true
  /** Makes a new credential of the same shape. */
  create(call: RotatorCall, current: SecretValue): Promise<SecretValue>
  /** Makes the target accept the pending credential. `refused`: it is certain that it does not, nor will. */
  set(call: RotatorCall, credentials: Credentials): Promise<Acceptance>
  /**
   * Uses a credential as a program would.
   * @throws SecretsError `source_misconfigured` (`value_shape`) for a value that is no credential of its kind.
   */
  test(call: RotatorCall, value: SecretValue): Promise<Acceptance>
  /**
   * Makes the target accept the current credential again. Where it can hold two, the pending one stays accepted: readers
   * may have it until the current one is what they get. A certain no is no error here either: whoever calls it tests the
   * credential afterwards.
   */
  revert(call: RotatorCall, credentials: Credentials): Promise<void>
  /** Takes the old credential from the target, where it is one of its own. The pending one is current by then. */
  retire(call: RotatorCall, credentials: Credentials): Promise<void>
  /** Takes the pending credential from the target, which `revert` left there. The current one is what readers get by then. */
  discard?(call: RotatorCall, credentials: Credentials): Promise<void>
  /** Ends what it keeps open. Called by whoever made it, not by the engine. */
  close?(): void
}
