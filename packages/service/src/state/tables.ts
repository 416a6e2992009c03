import type { AuditTables } from '@keyplane/database'

/** The tables of the service's own state, as the newest migration leaves them. Moments are epoch milliseconds. */
export interface StateTables extends AuditTables {
  readonly service: ServiceRow
  readonly users: UserRow
  readonly sessions: SessionRow
  readonly idempotency: IdempotencyRow
  readonly incidents: IncidentRow
  readonly login_refusals: LoginRefusalsRow
}

/** The one row that says that the database is a service's. */
export interface ServiceRow {
  readonly id: string
  readonly created_at_ms: number
}

export interface UserRow {
  readonly name: string
  /** Argon2id, in the PHC string format. */
  readonly password_hash: string
  /** JSON: names of the configuration's roles. */
  readonly roles: string
  /** 0: may not log in. */
  readonly enabled: number
  /** Counts changes. */
  readonly revision: number
  readonly created_at_ms: number
  readonly changed_at_ms: number
}

export interface SessionRow {
  /** SHA-256 of the token, hexadecimal. */
  readonly token_hash: string
  readonly user_name: string
  readonly created_at_ms: number
  readonly expires_at_ms: number
}

/** The first answer to a write, for whoever sends it again. */
export interface IdempotencyRow {
  readonly caller: string
  readonly key: string
  /** SHA-256 of what was asked, without a password. */
  readonly fingerprint: string
  /** Argon2id of the password that was in it. */
  readonly password_hash: string | null
  readonly status: number
  /** JSON; null: the answer had no body. */
  readonly body: string | null
  readonly expires_at_ms: number
}

/** What replicas know of a condition between them, so that one tells of it. */
export interface IncidentRow {
  readonly condition: string
  /** JSON: names, codes and moments. */
  readonly incident: string
  /** Counts changes. */
  readonly revision: number
}

/** What replicas know of refused logins by a role between them, so that they do not lock it together. */
export interface LoginRefusalsRow {
  /** A hash of the role. */
  readonly role: string
  /** JSON: hashes, codes and moments. */
  readonly refusals: string
  /** Counts changes. */
  readonly revision: number
  readonly expires_at_ms: number
}
