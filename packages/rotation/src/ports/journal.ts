import type { Rotation } from '../machine/rotation.ts'
import type { RotationNotice } from './notices.ts'

/** The right to rotate one secret for a while. */
export interface RotationLease {
  readonly secretId: string
  /** Who has it. */
  readonly holder: string
  /** The fencing token: greater for every lease of the secret than for the one before. */
  readonly fence: number
  readonly expiresAtMs: number
}

/** A rotation as it was last written. */
export interface JournalEntry {
  readonly rotation: Rotation
  /** Grows with every write, from 1. */
  readonly revision: number
}

/** A rotation to write, over the revision that was read; 0: there was none. */
export interface JournalWrite {
  readonly rotation: Rotation
  readonly over: number
  /** The step that led to it; absent for what is no step. A journal may write it down for good, with the record. */
  readonly notice?: RotationNotice
}

/** Where the one record of each secret's rotation is kept, and who may write it. What was written survives a crash. */
export interface RotationJournal {
  /** @throws SecretsError `integrity` for a record that is none; `unsupported` (`newer_schema`) for a newer version's. */
  load(secretId: string): Promise<JournalEntry | undefined>
  /**
   * Takes the lease if it is free, expired, or this holder's own; nothing where another one has it. One that would hold for
   * longer than an hour was taken by a clock that was ahead, and counts as expired.
   */
  lease(secretId: string, holder: string, ttlMs: number): Promise<RotationLease | undefined>
  /** Nothing where somebody else has it meanwhile, or it was released. */
  renew(lease: RotationLease, ttlMs: number): Promise<RotationLease | undefined>
  /** Another one's lease is left alone. */
  release(lease: RotationLease): Promise<void>
  /** The new revision; nothing, and nothing written, where the lease is another's or the revision another one. */
  write(lease: RotationLease, write: JournalWrite): Promise<number | undefined>
  /** Secrets for whose rotation something is to be done by a moment: a step, or an alert to hand over. Steps before alerts, those due first. */
  due(atMs: number, limit: number): Promise<readonly string[]>
}
