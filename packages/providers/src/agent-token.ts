import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { type Clock, SecretsError } from '@keyplane/core'
import { withinLimits } from '@keyplane/http'
import type { CallLimits } from './call-limits.ts'

/** The token that the agent, or the service, wants: the text itself, or the file that holds it. */
export type AgentToken = string | { readonly file: string }

const maxBytes = 4_096
// Without O_NONBLOCK, opening a named pipe would wait for its writer.
const readFlags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

const misconfigured = (source: string, message: string, cause?: unknown): SecretsError =>
  new SecretsError('source_misconfigured', message, {
    source,
    reason: 'token',
    ...(cause === undefined ? {} : { cause }),
  })

const checked = (text: string, source: string, place: string): string => {
  const token = text.trim()
  if (!/^[\x21-\x7e]+$/.test(token))
    throw misconfigured(source, `${place} is empty, or holds characters that can't stand in a header.`)
  return token
}

/** Nothing where it is no regular file, or too large for a token. */
const smallText = async (path: string): Promise<string | undefined> => {
  const file = await open(path, readFlags)
  try {
    if (!(await file.stat()).isFile()) return undefined
    const { bytesRead, buffer } = await file.read(Buffer.alloc(maxBytes + 1), 0, maxBytes + 1)
    return bytesRead > maxBytes ? undefined : buffer.toString('utf8', 0, bytesRead)
  } finally {
    await file.close()
  }
}

const fromFile = async (path: string, source: string): Promise<string> => {
  const place = JSON.stringify(path)
  const text = await smallText(path).catch((cause: unknown) => {
    throw misconfigured(source, `The ${source}'s token can't be read from ${place}.`, cause)
  })
  if (text === undefined)
    throw misconfigured(source, `${place} holds no token for the ${source}: it is no file, or larger than 4 KiB.`)
  return checked(text, source, `The ${source}'s token in ${place}`)
}

export interface TokenKeeperParts {
  readonly token: AgentToken
  readonly source: 'agent' | 'service'
  readonly clock: Clock
}

/** Keeps the token at hand. */
export class TokenKeeper {
  readonly #parts: TokenKeeperParts
  #kept: string | undefined

  constructor(parts: TokenKeeperParts) {
    this.#parts = parts
  }

  /**
   * The token; a file system that hangs holds nobody longer than the call's limits, or 30 seconds.
   * @throws SecretsError `source_misconfigured` where there is none, or none that can be sent; `timeout`.
   */
  async get(limits: CallLimits): Promise<string> {
    const { token, source } = this.#parts
    this.#kept ??=
      typeof token === 'string' ? checked(token, source, `The ${source}'s token`) : await this.#read(token.file, limits)
    return this.#kept
  }

  /** The token read anew, if that gives another than the refused one. */
  async other(refused: string, limits: CallLimits): Promise<string | undefined> {
    this.#kept = undefined
    const token = await this.get(limits)
    return token === refused ? undefined : token
  }

  forget(): void {
    this.#kept = undefined
  }

  #read(file: string, { signal, timeoutMs = 30_000 }: CallLimits): Promise<string> {
    const { source, clock } = this.#parts
    const late = (): SecretsError =>
      new SecretsError('timeout', `The ${source}'s token was not read in time.`, { source, reason: 'token' })
    return withinLimits({ clock, timeoutMs, signals: [signal], late }, () => fromFile(file, source))
  }
}
