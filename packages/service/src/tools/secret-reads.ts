import type { ErrorCode } from '@keyplane/core'
import type { ToolConfiguration } from '@keyplane/protocol'
import { onFailure } from '@keyplane/secrets'
import type { AskedSecret } from './tool-configuration.ts'

/**
 * How a read of a secret went: it was at hand (`cached`) or its source was asked (`source`); what is given is old (`stale`)
 * or another source's (`fallback`); there is none (`missing`), the source refused the service (`refused`), or it failed and
 * nothing covers that (`failed`).
 */
export type ReadResult = 'cached' | 'source' | 'stale' | 'fallback' | 'missing' | 'refused' | 'failed'

/** One secret of a tool, read for somebody or by the service for itself. Names and codes, never a value. */
export interface SecretRead {
  readonly environment: string
  readonly tool: string
  readonly secret: string
  readonly result: ReadResult
  /** It was asked for past what is cached, so that what is cached covered no failure. */
  readonly fresh: boolean
  /** Which source gave it, or failed last. */
  readonly source?: string | undefined
  /** Why it is not there, or why what is given is old. */
  readonly code?: ErrorCode | undefined
  /** Finer than the code. */
  readonly reason?: string | undefined
}

/** A read for a caller who was given its outcome. */
export interface DeliveredRead extends SecretRead {
  readonly client: string
  readonly requestId: string
}

/** What was made of each secret that was asked for. */
export const secretReads = (
  asked: readonly AskedSecret[],
  { environment, tool, secrets, missing, errors }: ToolConfiguration,
  { ownSource, fresh }: { readonly ownSource: string; readonly fresh: boolean },
): readonly SecretRead[] => {
  const codes = new Map(errors.map(({ secret, code }) => [secret, code]))
  return asked.map(({ name, cached = false, outcome }) => {
    const given = secrets.get(name)
    const failure = outcome.ok ? outcome.value.failure : outcome.error
    const code = codes.get(name) ?? failure?.code
    const result = given
      ? givenResult(given, { ownSource, cached })
      : missing.includes(name)
        ? 'missing'
        : !outcome.ok && onFailure(outcome.error) === 'suspend'
          ? 'refused'
          : 'failed'
    const source = given?.source ?? failure?.source
    const why = given && !given.stale ? {} : { code, reason: failure?.reason }
    return { environment, tool, secret: name, result, fresh, source, ...why }
  })
}

const givenResult = (
  { stale, source }: { readonly stale: boolean; readonly source?: string | undefined },
  { ownSource, cached }: { readonly ownSource: string; readonly cached: boolean },
): ReadResult => {
  if (stale) return 'stale'
  if (source !== ownSource) return 'fallback'
  return cached ? 'cached' : 'source'
}
