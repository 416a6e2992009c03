import type { SecretValue } from '@keyplane/core'

/** One version, as the store that holds it names it. */
export interface StoredVersion {
  readonly versionId: string
  readonly value: SecretValue
}

/** Who writes: a store that can keep the token refuses a smaller one. */
export interface FencedWrite {
  readonly secretId: string
  readonly fence: number
}

/** The versions of secrets, where readers get them. Every write may come again after it was done. */
export interface SecretVersions {
  /** What readers get by default. @throws SecretsError `secret_not_found`, `version_not_found` */
  current(secretId: string): Promise<StoredVersion>
  /** One version's value, whatever its stage. */
  read(secretId: string, versionId: string): Promise<SecretValue | undefined>
  /** Stores a version as pending. One that is there already, and has a value, stays as it is. */
  stage(write: FencedWrite, version: StoredVersion): Promise<void>
  /**
   * Moves `current` from one version to another, which is pending no more; the first becomes `previous`.
   * @throws SecretsError `conflict` if neither of the two is current.
   */
  promote(write: FencedWrite, move: { readonly from: string; readonly to: string }): Promise<void>
  /** Takes the stages from a version, so that no reader gets it. @throws SecretsError `conflict` if it is current. */
  discard(write: FencedWrite, versionId: string): Promise<void>
}
