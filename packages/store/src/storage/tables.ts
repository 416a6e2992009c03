import type { AuditTables } from '@keyplane/database'
import type { RotationTables } from '@keyplane/rotation'

/** The tables of a store, as the newest migration leaves them. Moments are epoch milliseconds. */
export interface StoreTables extends AuditTables, RotationTables {
  readonly store: StoreRow
  readonly kms_keys: KmsKeyRow
  readonly kms_key_materials: KmsMaterialRow
  readonly kms_aliases: KmsAliasRow
  readonly kms_grants: KmsGrantRow
  readonly kms_tags: KmsTagRow
  readonly secrets: SecretRow
  readonly secret_tags: TagRow
  readonly secret_versions: VersionRow
  readonly version_stages: StageRow
  readonly secret_policies: PolicyRow
  readonly secret_replicas: ReplicaRow
  readonly secret_rotations: SecretRotationRow
}

/** The one row about the store itself. */
export interface StoreRow {
  readonly id: string
  readonly created_at_ms: number
  readonly root_key_source: string
  readonly root_key_descriptor: string
  readonly root_key_check: Uint8Array
}

export interface KmsKeyRow {
  readonly account: string
  readonly region: string
  readonly key_id: string
  /** The name of a key that belongs to a service of AWS; null for keys of the callers' own. */
  readonly alias: string | null
  readonly state: 'enabled' | 'disabled' | 'pending_deletion'
  readonly current_material: number
  readonly created_at_ms: number
  readonly description: string
  /** JSON; null: the policy that a key has by itself. */
  readonly policy: string | null
  /** When it is gone, in state `pending_deletion`. */
  readonly deletion_at_ms: number | null
  /** 1: it gets new material each year. */
  readonly rotates: number
}

export interface KmsAliasRow {
  readonly account: string
  readonly region: string
  /** `alias/…`. */
  readonly name: string
  readonly key_id: string
  readonly created_at_ms: number
  readonly updated_at_ms: number
}

export interface KmsGrantRow {
  readonly grant_id: string
  readonly key_id: string
  /** ARN. */
  readonly grantee: string
  readonly retiring: string | null
  /** JSON: a list. */
  readonly operations: string
  /** JSON. */
  readonly constraints: string | null
  /** As the caller named it; empty for none. */
  readonly name: string
  /** ARN. */
  readonly issued_by: string
  readonly created_at_ms: number
}

export interface KmsTagRow {
  readonly key_id: string
  readonly key: string
  readonly value: string
}

export interface KmsMaterialRow {
  readonly key_id: string
  readonly material: number
  readonly wrapped: Uint8Array
  readonly created_at_ms: number
}

export interface SecretRow {
  /** Internal; grows with creation. */
  readonly id: string
  readonly account: string
  readonly region: string
  readonly name: string
  readonly arn: string
  readonly description: string
  /** The KMS key as the caller named it; empty for the account's default key. */
  readonly kms_key: string
  /** Who created it, by ARN. */
  readonly created_by: string
  readonly created_at_ms: number
  readonly changed_at_ms: number
  /** Cut to the day; 0: never read. */
  readonly accessed_at_ms: number
  /** When deletion was asked for. */
  readonly deleted_at_ms: number | null
  /** From this moment on the secret is gone. */
  readonly gone_at_ms: number | null
  /** Grows by one with every write; writes are guarded by it. */
  readonly revision: number
  /** The partner of a managed external secret; empty for all others. */
  readonly type: string
  /** 1 from the first tag on, also while there are none. */
  readonly tagged: number
  /** Where the primary is; null for a secret without replicas. */
  readonly primary_region: string | null
  /** The id of the secret that this one is a copy of and follows. */
  readonly replica_of: string | null
  /** The secret in another account that this one was made to be a copy of. */
  readonly primary_arn: string | null
  /** How it stands with that one; null where there is none. */
  readonly primary_status: 'Pending' | 'InSync' | 'Detached' | null
}

export interface TagRow {
  readonly secret_id: string
  readonly key: string
  readonly value: string
  readonly position: number
}

export interface VersionRow {
  readonly secret_id: string
  readonly version_id: string
  /** The secret's revision that made it: orders versions of one moment. */
  readonly ordinal: number
  readonly created_at_ms: number
  readonly accessed_at_ms: number
  /** This and the four below are null in a version that waits for its value. */
  readonly kind: 'text' | 'binary' | null
  readonly sealed_value: Uint8Array | null
  readonly wrapped_data_key: Uint8Array | null
  readonly kms_key_id: string | null
  readonly kms_material: number | null
}

export interface StageRow {
  readonly secret_id: string
  readonly label: string
  readonly version_id: string
  readonly position: number
}

/** A resource policy, as it was given. */
export interface PolicyRow {
  readonly secret_id: string
  readonly policy: string
}

/** A replica of a secret, or the failed attempt to make one. */
export interface ReplicaRow {
  readonly primary_id: string
  readonly arn: string
  /** That of the primary for a replica in another account. */
  readonly region: string
  /** As the caller named it; empty for the default key of the replica's region. */
  readonly kms_key: string
  /** The role that a replica in another account was associated with. */
  readonly role_arn: string | null
  readonly status: 'InSync' | 'Failed' | 'Detached'
  readonly message: string
  /** Null where there is no such secret that follows. */
  readonly replica_id: string | null
  readonly position: number
}

/** How a secret is rotated; there from the first RotateSecret on. */
export interface SecretRotationRow {
  readonly secret_id: string
  /** 0: CancelRotateSecret was called. */
  readonly enabled: number
  /** A function of Lambda, or one of the store's own rotators. */
  readonly function_arn: string
  /** The secret of an administrator that whoever configured the rotation was allowed to read; null for none. */
  readonly master_arn: string | null
  /** Of the user whose password that administrator changes, as the value named him then; null for none. */
  readonly user_digest: string | null
  /** The schedule: this, the next two, or none. */
  readonly after_days: number | null
  readonly expression: string | null
  readonly duration: string | null
  readonly configured_at_ms: number
  /** When it was last rotated with success. */
  readonly rotated_at_ms: number | null
  readonly next_at_ms: number | null
  /** The version that a rotation was asked to make, until that has ended. */
  readonly pending_version: string | null
  readonly asked_at_ms: number
}
