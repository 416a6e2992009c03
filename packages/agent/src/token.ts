import { timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type Clock, SecretsError } from '@keyplane/core'
import { followFiles } from './followed-files.ts'

const filePrefix = 'file://'

/** What every caller has to show. Compared in constant time; a token that is kept in a file follows the file. */
export class Token {
  #bytes: Buffer
  #unfollow: (() => void) | undefined

  constructor(text: string) {
    this.#bytes = bytesOf(text)
  }

  matches(shown: Uint8Array): boolean {
    // The time tells the length of the token, which is no secret; it tells nothing of its content.
    return shown.length === this.#bytes.length && timingSafeEqual(shown, this.#bytes)
  }

  /** Follows the file's changes until `close`. An unreadable or empty file changes nothing, and is told once. */
  follow(path: string, { clock, onProblem }: { clock: Clock; onProblem: (problem: SecretsError) => void }): void {
    this.#unfollow = followFiles([path], clock, () => {
      try {
        this.#bytes = bytesOf(readToken(path))
      } catch (error) {
        onProblem(error as SecretsError)
      }
    })
  }

  close(): void {
    this.#unfollow?.()
  }
}

/** Where the token comes from. */
export interface TokenOrigin {
  readonly variable: string
  readonly text: string
  readonly path?: string
}

/**
 * The token, by the first of the variables that is set, even if that one is unusable; `file://PATH` is read and trimmed.
 * @throws SecretsError `config_invalid` where none is set, the file can't be read, or the token is empty.
 */
export const findToken = (
  env: Readonly<Record<string, string | undefined>>,
  variables: readonly string[],
): TokenOrigin => {
  const variable = variables.find((name) => env[name] !== undefined)
  const value = variable === undefined ? undefined : env[variable]
  if (variable === undefined || value === undefined)
    throw new SecretsError(
      'config_invalid',
      `No token: set ${variables.join(' or ')} to a random text or to file://PATH of one.`,
    )
  const path = value.startsWith(filePrefix) ? value.slice(filePrefix.length) : undefined
  const text = path === undefined ? value : readToken(path)
  if (text === '') throw emptyToken(`The token in ${variable}`)
  return { variable, text, ...(path !== undefined && { path }) }
}

const bytesOf = (text: string): Buffer => {
  if (text === '') throw emptyToken('The token')
  return Buffer.from(text, 'utf8')
}

const emptyToken = (which: string): SecretsError =>
  new SecretsError('config_invalid', `${which} is empty; whoever sends an empty header would be let in.`)

const readToken = (path: string): string => {
  const text = readTrimmed(path)
  if (text === '') throw emptyToken(`The token in the file ${path}`)
  return text
}

const readTrimmed = (path: string): string => {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (cause) {
    throw new SecretsError(
      'config_invalid',
      `The token file ${path} can't be read (${(cause as NodeJS.ErrnoException).code}).`,
      {
        cause,
      },
    )
  }
}
