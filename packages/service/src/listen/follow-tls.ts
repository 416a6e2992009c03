import { isDeepStrictEqual } from 'node:util'
import { type Clock, type Outcome, toSecretsError } from '@keyplane/core'
import type { TlsConfig } from '../config/service-config.ts'
import { readTlsFiles, type TlsOptions } from './tls-files.ts'

export interface FollowTlsParts {
  readonly clock: Clock
  /** Files that can be used, and are others than before. */
  readonly use: (options: TlsOptions) => void
  /** Told once of files that can't. */
  readonly warn: (message: string) => void
}

const everyMs = 5_000

/**
 * Looks every five seconds what the files say, whatever way they are written or linked anew. What can't be used is left
 * alone, and told of when it is the same at the next look: a certificate and its key are written one after the other.
 * @returns what ends it.
 */
export const followTls = (config: TlsConfig, first: TlsOptions, parts: FollowTlsParts): (() => void) => {
  let used = first
  let broken: { readonly why: string; told: boolean } | undefined
  const look = (): void => {
    const seen = attempt(config)
    if (seen.ok) {
      broken = undefined
      if (!isDeepStrictEqual(seen.value, used)) parts.use(seen.value)
      used = seen.value
    } else if (broken?.why !== seen.error.message) broken = { why: seen.error.message, told: false }
    else if (!broken.told) {
      broken.told = true
      parts.warn(`The certificate that was there before goes on to be used. ${broken.why}`)
    }
    timer = parts.clock.after(everyMs, look)
  }
  let timer = parts.clock.after(everyMs, look)
  return () => timer.cancel()
}

const attempt = (config: TlsConfig): Outcome<TlsOptions> => {
  try {
    return { ok: true, value: readTlsFiles(config) }
  } catch (thrown) {
    return { ok: false, error: toSecretsError(thrown) }
  }
}
