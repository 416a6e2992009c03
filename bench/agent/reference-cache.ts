import type { Clock, SecretVersion } from '@keyplane/core'
import type { DayCache, DayUpstream } from './day.ts'

export interface ReferenceCacheParts {
  readonly upstream: DayUpstream
  readonly clock: Clock
  readonly ttlMs: number
}

interface Kept {
  readonly version: SecretVersion
  readonly stampedAtMs: number
}

/**
 * The AWS Secrets Manager Agent's cache, as its source has it: a miss is a GetSecretValue; what is older than the TTL is
 * asked about by DescribeSecret, and either stamped anew or read anew; each caller asks for itself. Its bound on entries
 * is left out: as many secrets are read as it keeps.
 * @see caching/src/lib.rs of aws/aws-secretsmanager-agent 2.0.0
 */
export class ReferenceCache implements DayCache {
  readonly #parts: ReferenceCacheParts
  readonly #kept = new Map<string, Kept>()

  constructor(parts: ReferenceCacheParts) {
    this.#parts = parts
  }

  peek(id: string): SecretVersion | undefined {
    const kept = this.#kept.get(id)
    return kept && this.#parts.clock.monotonicMs() - kept.stampedAtMs <= this.#parts.ttlMs ? kept.version : undefined
  }

  async read(id: string): Promise<SecretVersion> {
    const fresh = this.peek(id)
    if (fresh) return fresh
    const { upstream } = this.#parts
    const kept = this.#kept.get(id)
    if (kept) {
      const current = await upstream.call(() => upstream.current(id).version)
      if (current === kept.version.version) return this.#keep(id, kept.version)
    }
    return this.#keep(id, await upstream.call(() => upstream.current(id)))
  }

  #keep(id: string, version: SecretVersion): SecretVersion {
    this.#kept.set(id, { version, stampedAtMs: this.#parts.clock.monotonicMs() })
    return version
  }
}
