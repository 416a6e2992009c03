import { createHash } from 'node:crypto'
import type { Random } from '@keyplane/core'

/** A key for a client: for its owner alone. The service keeps the hash. */
export interface ApiKey {
  /** `kps_` and 32 random bytes in base64url. */
  readonly key: string
  /** As it stands in the configuration: `sha256:…`. */
  readonly hash: string
}

/** Keys are as random as their hash is long, so a plain hash is enough: there is nothing to guess. */
export const newApiKey = (random: Random): ApiKey => {
  const key = `kps_${Buffer.from(random.bytes(32)).toString('base64url')}`
  return Object.freeze({ key, hash: `sha256:${hashOf(key).toString('hex')}` })
}

export const isApiKey = (text: string): boolean => /^kps_[A-Za-z0-9_-]{43}$/.test(text)

export const hashOf = (key: string): Buffer => createHash('sha256').update(key).digest()
