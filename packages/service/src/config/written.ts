import type { ProviderName } from '@keyplane/secrets/providers'
import type { Rate } from '../limits/token-buckets.ts'
import type { WrittenState } from './state-config.ts'

/** A source as it is written: exactly one of `source`, `env` and `file`. */
export interface WrittenSource {
  readonly source?: ProviderName | undefined
  /** The folder of the source `file`. */
  readonly mount?: string | undefined
  /** Laid over the process's environment, for this source alone. */
  readonly variables?: Readonly<Record<string, string>> | undefined
}

/** A fallback may also be a dotenv file or a folder, by its path alone. */
export interface WrittenFallback extends WrittenSource {
  readonly env?: string | undefined
  readonly file?: string | undefined
}

export interface WrittenEnvironment extends WrittenSource {
  readonly cache?: 'redis' | 'local' | 'none' | undefined
  readonly pollInterval?: number | undefined
  readonly ttl?: number | undefined
  readonly maxStale?: number | undefined
  readonly fallback?: readonly WrittenFallback[] | undefined
  readonly leases?: { readonly budget?: number | undefined } | undefined
  readonly warm?: boolean | undefined
}

export interface WrittenSecret {
  readonly ref: string
  readonly maxStale?: number | undefined
  readonly jsonKey?: string | undefined
  readonly kind?: 'static' | 'dynamic' | undefined
}

export interface WrittenTool {
  readonly settings?: Readonly<Record<string, unknown>> | undefined
  readonly secrets?: Readonly<Record<string, WrittenSecret>> | undefined
}

export type WrittenTools = Readonly<Record<string, WrittenTool>>

export interface WrittenRule {
  readonly actions: readonly string[]
  readonly environments: readonly string[]
  readonly tools: readonly string[]
}

export interface WrittenRole {
  readonly allow: readonly WrittenRule[]
  readonly deny?: readonly WrittenRule[] | undefined
}

export interface WrittenClient {
  readonly keys?: readonly string[] | undefined
  readonly certificates?: readonly string[] | undefined
  readonly roles: readonly string[]
}

export interface WrittenListener {
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly proxies?: readonly string[] | undefined
  readonly tls?:
    | {
        readonly certificate: string
        readonly key: string
        readonly clientCa?: string | undefined
        readonly clientCertificates?: 'required' | 'asked' | undefined
      }
    | undefined
}

export interface WrittenAlerts {
  readonly webhook?:
    | {
        readonly url?: string | undefined
        readonly urlFile?: string | undefined
        readonly secretFile?: string | undefined
        readonly repeatEvery?: number | undefined
      }
    | undefined
}

export interface WrittenRedis {
  readonly url: string
  readonly username?: string | undefined
  readonly passwordFile?: string | undefined
  readonly ca?: string | undefined
  readonly prefix?: string | undefined
}

/** Exactly one of both. */
export interface WrittenCacheKey {
  readonly file?: string | undefined
  readonly transit?:
    | {
        readonly key: string
        readonly mount?: string | undefined
        readonly variables?: Readonly<Record<string, string>> | undefined
      }
    | undefined
}

export interface WrittenLimits {
  readonly perClient?: Rate | 'none' | undefined
  readonly unauthenticated?: Rate | 'none' | undefined
}

/** `keyplane-service.yaml`, its texts checked one by one and its durations in milliseconds. */
export interface WrittenService extends WrittenState {
  readonly listen?: WrittenListener | undefined
  readonly limits?: WrittenLimits | undefined
  readonly redis?: WrittenRedis | undefined
  readonly cacheKey?: WrittenCacheKey | undefined
  readonly environments: Readonly<Record<string, WrittenEnvironment>>
  readonly tools: WrittenTools
  readonly alerts?: WrittenAlerts | undefined
  readonly clients?: Readonly<Record<string, WrittenClient>> | undefined
  readonly roles?: Readonly<Record<string, WrittenRole>> | undefined
}

/** `keyplane-service.<environment>.yaml`: what is otherwise in that environment. */
export interface WrittenOverlay {
  readonly environment?: WrittenEnvironment | undefined
  readonly tools?: WrittenTools | undefined
}
