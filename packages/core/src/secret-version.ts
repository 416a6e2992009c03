import type { SecretsError } from './errors.ts'
import type { Stage } from './secret-ref.ts'
import type { SecretValue } from './secret-value.ts'

/** A credential that its source takes back at a moment, unless it is renewed. */
export interface Lease {
  readonly id: string
  readonly renewable: boolean
  readonly expiresAtMs: number
  readonly maxExpiresAtMs?: number
}

/** One version of a secret. Frozen, and the same object for as long as it is cached: derived bytes hang on its identity. */
export interface SecretVersion {
  /** Canonical, as the source names it: ARN, mount/path, file. */
  readonly id: string
  readonly name?: string
  readonly version?: string
  /** In the source's order. */
  readonly stages?: readonly Stage[]
  /** Epoch milliseconds; a fraction is kept. */
  readonly createdAtMs?: number
  readonly value: SecretValue
  readonly lease?: Lease
  /** When the origin last vouched for the value, if a hop between says so: ages never stack. */
  readonly confirmedAtMs?: number
  /** Why the origin did not vouch for it when it was asked last, where a hop between covers that failure by what it kept. */
  readonly failure?: SecretsError
  /** The source's own facts (`ssm.type`); opaque to layers. */
  readonly attributes?: Readonly<Record<string, string>>
}

/** Evidence of freshness without a value: DescribeSecret, KV metadata, stat. */
export interface SecretState {
  readonly id: string
  readonly versions: ReadonlyMap<string, readonly Stage[]>
  readonly changedAtMs?: number
  readonly deletedAtMs?: number
}
