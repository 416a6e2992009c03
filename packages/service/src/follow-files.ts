import { isDeepStrictEqual } from 'node:util'
import { type Clock, toSecretsError } from '@keyplane/core'

export interface FollowParts<T> {
  readonly clock: Clock
  /** What is another than before. Whatever it throws is said of a file that can't be read, too. */
  readonly use: (now: T) => void
  /** Told once of what can't. */
  readonly warn: (why: string) => void
}

const everyMs = 5_000

/**
 * Looks every five seconds what files say, whatever way they are written or linked anew. What can't be read or used is left
 * alone, and told of when it is the same at the next look: it may be half written.
 * @param first - What is in use; absent: what can be read next is another.
 * @returns what ends it.
 */
export const followFiles = <T>(
  read: () => T,
  first: T | undefined,
  { clock, use, warn }: FollowParts<T>,
): (() => void) => {
  let used = first
  let broken: { readonly why: string; isTold: boolean } | undefined
  const look = (): void => {
    try {
      const seen = read()
      if (!isDeepStrictEqual(seen, used)) use(seen)
      used = seen
      broken = undefined
    } catch (thrown) {
      const why = toSecretsError(thrown).message
      if (broken?.why !== why) broken = { why, isTold: false }
      else if (!broken.isTold) {
        broken.isTold = true
        warn(why)
      }
    }
    timer = clock.after(everyMs, look)
  }
  let timer = clock.after(everyMs, look)
  return () => timer.cancel()
}
