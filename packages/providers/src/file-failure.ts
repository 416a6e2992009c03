import { type ErrorCode, SecretsError, untilAborted } from '@keyplane/core'

const codes: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'secret_not_found',
  ENOTDIR: 'secret_not_found',
  EISDIR: 'secret_not_found',
  ENAMETOOLONG: 'secret_not_found',
  EACCES: 'access_denied',
  EPERM: 'access_denied',
  ELOOP: 'source_misconfigured',
  // A socket cannot be opened.
  ENXIO: 'unsupported',
}

/** The operating system's name for the failure (`ENOENT`), or an empty text. */
export const systemCode = (thrown: unknown): string => {
  const code = thrown instanceof Error ? (thrown as NodeJS.ErrnoException).code : undefined
  return typeof code === 'string' ? code : ''
}

/** A failure of the file system in our words. What is not known to be a refusal or an absence is `unavailable`. */
export const fileFailure = (thrown: unknown, id: string, source: string): SecretsError => {
  if (thrown instanceof SecretsError) return thrown
  const system = systemCode(thrown)
  const code = codes[system] ?? (system === '' ? 'internal' : 'unavailable')
  const said = {
    secret_not_found: 'there is no such file',
    access_denied: 'the file may not be read; check its owner and mode',
    source_misconfigured: 'its symbolic links lead in a circle',
    unsupported: 'it is neither a file nor a folder',
  }[code as string]
  const message = `${JSON.stringify(id)}: ${said ?? `the file could not be read (${system || 'unknown error'})`}.`
  return new SecretsError(code, message, { source, reason: system || 'unknown', cause: thrown })
}

/** What `act` gives, or the signal's reason as soon as it is aborted: a file system that hangs holds nobody. */
export const unlessAborted = async <T>(signal: AbortSignal | undefined, act: () => Promise<T>): Promise<T> => {
  signal?.throwIfAborted()
  return untilAborted(act(), signal)
}
