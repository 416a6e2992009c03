import { type Clock, SecretsError } from '@keyplane/core'
import { withinLimits } from '@keyplane/http'
import type { AwsCredentialSource, AwsCredentials } from './credentials.ts'

export interface CredentialLimits {
  readonly clock: Clock
  readonly source: string
  /** Of the whole call. */
  readonly timeoutMs: number
  readonly signals: readonly (AbortSignal | undefined)[]
}

/**
 * The credentials of a call, and what their source left of its time. A source that hangs (an instance's metadata, an SSO
 * login) holds nobody longer than that.
 * @throws SecretsError `timeout`, reason `credentials`; a signal's reason; what the source throws.
 */
export const awaitCredentials = async (
  credentials: AwsCredentialSource,
  { clock, source, timeoutMs, signals }: CredentialLimits,
): Promise<{ readonly credentials: AwsCredentials; readonly timeoutMs: number }> => {
  const late = (): SecretsError =>
    new SecretsError('timeout', 'AWS credentials did not come in time.', { source, reason: 'credentials' })
  const beganMs = clock.monotonicMs()
  const found = await withinLimits({ clock, timeoutMs, signals, late }, async () => credentials())
  const leftMs = Math.ceil(timeoutMs - (clock.monotonicMs() - beganMs))
  if (leftMs <= 0) throw late()
  return { credentials: found, timeoutMs: leftMs }
}
