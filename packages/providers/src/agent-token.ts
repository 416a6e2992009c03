import { readFile } from 'node:fs/promises'
import { SecretsError } from '@keyplane/core'

/** The token that the agent, or the service, wants: the text itself, or the file that holds it. */
export type AgentToken = string | { readonly file: string }

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

const fromFile = async (file: string, source: string): Promise<string> => {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    throw misconfigured(source, `The ${source}'s token can't be read from ${JSON.stringify(file)}.`, cause)
  }
  return checked(text, source, `The ${source}'s token in ${JSON.stringify(file)}`)
}

/** Keeps the token at hand. */
export class TokenKeeper {
  readonly #token: AgentToken
  readonly #source: string
  #kept: string | undefined

  constructor(token: AgentToken, source: 'agent' | 'service') {
    this.#token = token
    this.#source = source
  }

  /** @throws SecretsError `source_misconfigured` where there is none, or none that can be sent. */
  async get(): Promise<string> {
    this.#kept ??=
      typeof this.#token === 'string'
        ? checked(this.#token, this.#source, `The ${this.#source}'s token`)
        : await fromFile(this.#token.file, this.#source)
    return this.#kept
  }

  /** The token read anew, if that gives another than the refused one. */
  async other(refused: string): Promise<string | undefined> {
    this.#kept = undefined
    const token = await this.get()
    return token === refused ? undefined : token
  }

  forget(): void {
    this.#kept = undefined
  }
}
