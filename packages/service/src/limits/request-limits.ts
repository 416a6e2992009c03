import { type Clock, SecretsError } from '@keyplane/core'
import type { LimitsConfig } from '../config/service-config.ts'
import { addressGroup } from './address-group.ts'
import { TokenBuckets } from './token-buckets.ts'

/** What a request with a wrong key or password counts for. */
const failureCost = 10

/** How much is asked: by a client, whatever its addresses, and by an address that shows no known key. */
export class RequestLimits {
  readonly #clients: TokenBuckets | undefined
  readonly #strangers: TokenBuckets | undefined

  constructor({ perClient, unauthenticated }: LimitsConfig, clock: Clock) {
    this.#clients = perClient && new TokenBuckets(perClient, clock)
    this.#strangers = unauthenticated && new TokenBuckets(unauthenticated, clock)
  }

  /** Counts a request of a client's. @throws SecretsError `rate_limited`. */
  client(name: string): void {
    refuseUntil(this.#clients?.take(name))
  }

  /** Counts a request from an address without a known key. @throws SecretsError `rate_limited`. */
  stranger(address: string): void {
    if (this.#strangers) refuseUntil(this.#strangers.take(addressGroup(address)))
  }

  /** The request that was counted showed a wrong key or password. */
  failed(address: string): void {
    this.#strangers?.charge(addressGroup(address), failureCost - 1)
  }
}

const refuseUntil = (retryAfterMs: number | undefined): void => {
  if (retryAfterMs !== undefined)
    throw new SecretsError('rate_limited', 'These are too many requests; wait a little.', { retryAfterMs })
}
