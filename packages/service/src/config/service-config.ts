import type { ProviderName } from '@keyplane/secrets/providers'
import type { Rate } from '../limits/token-buckets.ts'
import type { StateConfig } from './state-config.ts'
import type { WrittenRule } from './written.ts'

/** Where secrets come from: a dotenv file, a folder, or any source by its registry name. */
export type SourceConfig =
  | { readonly kind: 'env'; readonly file: string }
  | { readonly kind: 'file'; readonly folder: string }
  | { readonly kind: 'named'; readonly name: ProviderName; readonly variables: Readonly<Record<string, string>> }

/** A secret that a tool needs. */
export interface SecretConfig {
  /** As its source names it. */
  readonly ref: string
  /** How old it may be when its source fails; 0: never. Default: the environment's. */
  readonly maxStaleMs?: number
  /** The one field of a JSON document that is given. Default: all of it. */
  readonly jsonKey?: string
  /** The environment's own source makes a credential with a lease: `ref` is OpenBao's `MOUNT/ROLE`. */
  readonly dynamic?: true
}

export interface ToolConfig {
  readonly settings: Readonly<Record<string, unknown>>
  readonly secrets: ReadonlyMap<string, SecretConfig>
}

export interface EnvironmentConfig {
  readonly name: string
  /** The environment's own source, then its fallbacks. */
  readonly sources: readonly [SourceConfig, ...SourceConfig[]]
  /** Where answers are kept: in this process, and in Redis for all of them as well. */
  readonly cache: 'redis' | 'local' | 'none'
  /** In which a change at a source is seen. 0: when the TTL is over. */
  readonly pollIntervalMs: number
  readonly ttlMs: number
  readonly maxStaleMs: number
  /** Credentials of one dynamic secret that may live at the same time. */
  readonly leaseBudget: number
  /** Whether its secrets are read once at the start. */
  readonly warms: boolean
  readonly tools: ReadonlyMap<string, ToolConfig>
}

/** Actions, environments and tools by globs; it holds where each of the three has one that matches. */
export type RuleConfig = WrittenRule

export interface RoleConfig {
  readonly allow: readonly RuleConfig[]
  readonly deny: readonly RuleConfig[]
}

export interface ClientConfig {
  /** SHA-256 of its keys, as hexadecimal digits. */
  readonly keyHashes: readonly string[]
  /** Its certificates, by `sha256:` and the digits of the fingerprint, or by `subject:` and the subject. */
  readonly certificates: readonly string[]
  /** Names of roles. */
  readonly roles: readonly string[]
}

/** Paths of PEM files. */
export interface TlsConfig {
  readonly certificate: string
  readonly key: string
  /** The authorities that vouch for clients' certificates. Default: clients are not asked for any. */
  readonly clientCa?: string
  /** Whether a connection without such a certificate is ended. Default: `required`. */
  readonly clientCertificates?: 'required' | 'asked'
}

export interface ListenConfig {
  readonly host: string
  readonly port: number
  /** Addresses and networks whose `X-Forwarded-For` is believed. Empty: nobody's is. */
  readonly proxies: readonly string[]
  readonly tls?: TlsConfig
}

/** Who is told when sources fail. */
export interface AlertsConfig {
  /** Default: the log and the audit log alone. */
  readonly webhook?: {
    /** As it is written, or a file's path. */
    readonly url?: string
    readonly urlFile?: string
    /** Of the secret that signs what is posted. Default: it is not signed. */
    readonly secretFile?: string
  }
  /** Between two reminders of what holds on; 0: there are none. */
  readonly repeatEveryMs: number
}

/** What is not there has no limit. */
export interface LimitsConfig {
  /** Of the requests of a client. */
  readonly perClient: Rate | undefined
  /** Of the requests of an address without a known key. */
  readonly unauthenticated: Rate | undefined
}

/** The Redis of environments with `cache: redis`. Paths are those of files. */
export interface RedisConfig {
  readonly url: string
  readonly username?: string
  readonly passwordFile?: string
  readonly ca?: string
  readonly prefix?: string
}

/** What wraps the keys of what is kept in Redis: a file of 32 bytes, or a key of OpenBao's transit engine. */
export type CacheKeyConfig =
  | { readonly kind: 'file'; readonly file: string }
  | {
      readonly kind: 'transit'
      readonly key: string
      readonly mount?: string
      readonly variables: Readonly<Record<string, string>>
    }

export interface ServiceConfig extends StateConfig {
  readonly listen: ListenConfig
  readonly limits: LimitsConfig
  /** Default: `KEYPLANE_SERVICE_REDIS_URL`. */
  readonly redis?: RedisConfig
  /** Default: `KEYPLANE_SERVICE_CACHE_KEY_FILE`. */
  readonly cacheKey?: CacheKeyConfig
  readonly environments: ReadonlyMap<string, EnvironmentConfig>
  readonly alerts: AlertsConfig
  readonly clients: ReadonlyMap<string, ClientConfig>
  readonly roles: ReadonlyMap<string, RoleConfig>
}
