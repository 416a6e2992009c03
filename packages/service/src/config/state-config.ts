/** The sections of the service's own state as they are written; of `database` exactly one member. */
export interface WrittenState {
  readonly database?:
    | { readonly file?: string | undefined; readonly url?: string | undefined; readonly urlFile?: string | undefined }
    | undefined
  readonly sessions?: { readonly ttl?: number | undefined; readonly maxTtl?: number | undefined } | undefined
  readonly audit?: WrittenAudit | undefined
}

export interface WrittenAudit {
  readonly kind: 'file' | 'database'
  readonly sealKeyFile?: string | undefined
}

/** Where the service's own state is: a SQLite file, or PostgreSQL by its URL, which a file may hold. */
export type DatabaseConfig = { readonly file: string } | { readonly url: string } | { readonly urlFile: string }

export interface SessionsConfig {
  /** How long a login lasts. */
  readonly ttlMs: number
  /** How long it may be renewed. */
  readonly maxTtlMs: number
}

/** Who keeps the audit log: files in the data folder, or the database of the state. */
export interface AuditConfig {
  readonly kind: 'file' | 'database'
  /** What the log's end is sealed with, in a database. */
  readonly sealKeyFile?: string
}

/** What the configuration says of the service's own state. */
export interface StateConfig {
  /** Default: where the variable says, else `service.db` in the data folder. */
  readonly database?: DatabaseConfig
  readonly sessions: SessionsConfig
  /** Default: files beside SQLite, the database on PostgreSQL. */
  readonly audit?: AuditConfig
}
