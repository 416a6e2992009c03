import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { SecretsError } from '@keyplane/core'

/** A credential: the text itself, the file that holds it (read again at each login), or a function that gives it. */
export type Credential = string | { readonly file: string } | (() => string | Promise<string>)

const misconfigured = (message: string, source: string, cause?: unknown): SecretsError =>
  new SecretsError('source_misconfigured', message, {
    source,
    reason: 'credential',
    ...(cause === undefined ? {} : { cause }),
  })

const textOf = async (credential: Credential, what: string, source: string): Promise<string> => {
  if (typeof credential === 'string') return credential
  if (typeof credential === 'function') return credential()
  try {
    return await readFile(credential.file, 'utf8')
  } catch (cause) {
    throw misconfigured(`${what} can't be read from ${JSON.stringify(credential.file)}.`, source, cause)
  }
}

/**
 * The credential's text without outer white space.
 * @throws SecretsError `source_misconfigured` where it can't be read, is empty, or can't stand in a header.
 */
export const readCredential = async (credential: Credential, what: string, source: string): Promise<string> => {
  const text = (await textOf(credential, what, source)).trim()
  if (!/^[\x21-\x7e]+$/.test(text))
    throw misconfigured(`${what} is empty, or holds characters that no such credential has.`, source)
  return text
}

/** Tells credentials apart without keeping them. */
export const fingerprintOf = (...credentials: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(credentials)).digest('base64')
