import type { SecretVersion } from '@keyplane/core'
import type { RequestLimit } from '../guards/request-limit.ts'
import type { AgentResponse } from './messages.ts'
import type { Token } from '../token.ts'
import { readPlainGet } from './plain-get.ts'
import { type HttpDate, responseBytes } from './response-bytes.ts'

export interface FastPathParts {
  readonly token: Token
  readonly tokenHeaders: readonly string[]
  readonly limit: RequestLimit
  readonly date: HttpDate
  /** The cached, fresh version, and the answer for it; nothing where somebody has to wait. */
  readonly hit: (secretId: string) => { readonly version: SecretVersion; readonly response: AgentResponse } | undefined
  /** The answer where there is no hit. A connection that was handed over would cost four times as much for good. */
  readonly miss: (secretId: string) => Promise<AgentResponse>
}

interface Ready {
  readonly second: number
  readonly bytes: Buffer
}

/**
 * The answer to one plain request for a secret, as bytes, at once where it is cached; nothing for whatever else. No guard
 * refuses here: that is the slow path's, so that there is one place for it.
 */
export const fastPath = ({ token, tokenHeaders, limit, date, hit, miss }: FastPathParts) => {
  /** Answers hang on the version's identity, which lasts as long as it is cached. */
  const ready = new WeakMap<SecretVersion, Ready>()
  return (chunk: Buffer): Buffer | Promise<Buffer> | undefined => {
    if (limit.active >= limit.max) return undefined
    const request = readPlainGet(chunk, tokenHeaders)
    if (!request?.tokens.some((shown) => shown !== undefined && token.matches(Buffer.from(shown, 'latin1'))))
      return undefined
    const found = hit(request.secretId)
    if (!found) return miss(request.secretId).then((response) => responseBytes(response, date.text))
    const { second } = date
    const known = ready.get(found.version)
    if (known?.second === second) return known.bytes
    const bytes = responseBytes(found.response, date.text)
    ready.set(found.version, { second, bytes })
    return bytes
  }
}
