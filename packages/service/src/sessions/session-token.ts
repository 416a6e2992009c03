import { createHash } from 'node:crypto'
import type { Random } from '@keyplane/core'

/** `kpt_` and 32 random bytes in base64url: for who logged in alone. The service keeps its hash. */
export const newSessionToken = (random: Random): string => `kpt_${Buffer.from(random.bytes(32)).toString('base64url')}`

export const isSessionToken = (text: string): boolean => /^kpt_[A-Za-z0-9_-]{43}$/.test(text)

/** As it is stored: tokens are as random as the hash is long, so there is nothing to guess. */
export const sessionHash = (token: string): string => createHash('sha256').update(token).digest('hex')
