import type { AwsCredentialSource, AwsCredentials } from '@keyplane/aws'
import type { Clock } from '@keyplane/core'

/** From so long before their end on, the next ones are asked for, and nobody waits. */
const renewBeforeMs = 300_000
/** A request takes its time: credentials that end within it are over. */
const spareMs = 10_000

/**
 * Temporary credentials, asked for once for any number of waiters, kept, and renewed ahead of their end. A renewal that
 * fails is tried again at the next call; what is kept holds until its end.
 */
export const roleCredentials = (assume: () => Promise<AwsCredentials>, clock: Clock): AwsCredentialSource => {
  let kept: AwsCredentials | undefined
  let flight: Promise<AwsCredentials> | undefined
  const leftMs = ({ expiresAtMs = Number.POSITIVE_INFINITY }: AwsCredentials): number => expiresAtMs - clock.nowMs()
  const ask = (): Promise<AwsCredentials> => {
    const mine = (flight ??= assume().then(
      (credentials) => {
        if (flight === mine) [kept, flight] = [credentials, undefined]
        return credentials
      },
      (thrown: unknown) => {
        if (flight === mine) flight = undefined
        throw thrown
      },
    ))
    return mine
  }
  const get = async (): Promise<AwsCredentials> => {
    if (!kept || leftMs(kept) <= spareMs) return ask()
    // Who asks has credentials already; a failure shows when these are over.
    if (leftMs(kept) <= renewBeforeMs) ask().catch(() => {})
    return kept
  }
  return Object.assign(get, {
    forget: () => {
      kept = undefined
      flight = undefined
    },
  })
}
