import type { SecretVersion } from '@keyplane/core'
import type { Caller, Callers } from '../guards/callers.ts'
import type { RequestLimit } from '../guards/request-limit.ts'
import type { AgentResponse } from './messages.ts'
import type { PlainGet, PlainGets } from './plain-get.ts'
import { type HttpDate, responseBytes } from './response-bytes.ts'

/** A connection, as the fast path sees it. */
export interface FastConnection {
  readonly gets: PlainGets
  /** Who is known by the connection, and shows no token. */
  readonly peer?: Caller | undefined
  /** Whether an answer that is made now is the connection's last. */
  readonly isLast: () => boolean
}

export interface FastPathParts {
  readonly callers: Callers
  readonly tokenHeaders: readonly string[]
  readonly limit: RequestLimit
  readonly date: HttpDate
  /** The cached, fresh version, and the answer for it; nothing where somebody has to wait. */
  readonly hit: (
    secretId: string,
    caller: Caller,
  ) => { readonly version: SecretVersion; readonly response: AgentResponse } | undefined
  /** The answer where there is no hit. A connection that was handed over would cost four times as much for good. */
  readonly miss: (secretId: string, caller: Caller) => Promise<AgentResponse>
}

interface Ready {
  readonly second: number
  readonly bytes: Buffer
}

/**
 * The answer to one plain request for a secret, as bytes, at once where it is cached; nothing for whatever else. No guard
 * refuses here: that is the slow path's, so that there is one place for it.
 */
export const fastPath = ({ callers, tokenHeaders, limit, date, hit, miss }: FastPathParts) => {
  /** Answers hang on the version's identity, which lasts as long as it is cached. */
  const ready = new WeakMap<SecretVersion, Ready>()
  return (chunk: Buffer, { gets, peer, isLast }: FastConnection): Buffer | Promise<Buffer> | undefined => {
    if (limit.active >= limit.max) return undefined
    const request = gets.read(chunk, tokenHeaders)
    const caller = request && (peer ?? callerOf(callers, request.tokens))
    if (!caller) return undefined
    const found = hit(request.secretId, caller)
    if (!found)
      return miss(request.secretId, caller).then((response) => responseBytes(response, date.text, { isLast: isLast() }))
    const { second } = date
    const known = ready.get(found.version)
    if (known?.second === second) return known.bytes
    const bytes = responseBytes(found.response, date.text)
    ready.set(found.version, { second, bytes })
    return bytes
  }
}

/** A header that was not sent leaves a gap. */
const callerOf = (callers: Callers, tokens: PlainGet['tokens']): Caller | undefined => {
  for (let index = 0; index < tokens.length; index += 1) {
    const shown = tokens[index]
    const caller = shown && callers.of(shown)
    if (caller) return caller
  }
  return undefined
}
