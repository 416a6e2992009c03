import { readFileSync, type Stats, statSync } from 'node:fs'
import { type Clock, SecretsError, toSecretsError } from '@keyplane/core'
import { parseIam } from './iam-file.ts'
import type { Iam, LiveIam } from './identity.ts'

export interface WatchIamOptions {
  readonly path: string
  readonly clock: Clock
  /** Told once a state of the file that it cannot be used; the callers stay as they were. */
  readonly onProblem: (problem: string) => void
}

/** The callers of an IAM file, as the file is. */
export interface WatchedIam extends LiveIam {
  close(): void
}

/** A look at a file's dates costs microseconds, and finds what replaces a folder's link too, which a watch does not. */
const lookEveryMs = 1_000

/**
 * Reads an IAM file, and reads it again whenever it is another: whole, or not at all.
 * @throws SecretsError `config_invalid` where the file cannot be used at first.
 */
export const watchIam = ({ path, clock, onProblem }: WatchIamOptions): WatchedIam => {
  let stamp = stampOf(path)
  let iam = read(path)
  const listeners = new Set<() => void>()
  const look = (): void => {
    timer = clock.after(lookEveryMs, look)
    const found = stampOf(path)
    if (found === stamp) return
    stamp = found
    try {
      iam = read(path)
    } catch (error) {
      return onProblem(`${toSecretsError(error).message} Callers and policies stay as they were.`)
    }
    for (const listener of listeners) listener()
  }
  let timer = clock.after(lookEveryMs, look)
  const onChange = (listener: () => void): (() => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }
  return { current: () => iam, onChange, close: () => timer.cancel() }
}

/** Some thousand users; a larger file would hold up all calls while it is read. */
const maxBytes = 4_194_304

const read = (path: string): Iam => {
  try {
    const { mode, size } = requireFile(path)
    if (size > maxBytes) throw new SecretsError('config_invalid', `It is larger than ${maxBytes} bytes.`)
    // It holds access keys. Windows has no such bits.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0)
      throw new SecretsError('config_invalid', `It may be read or written by others; run: chmod 600 ${path}.`)
    return parseIam(readFileSync(path, 'utf8'))
  } catch (cause) {
    const why = cause instanceof SecretsError ? cause.message : 'It cannot be read.'
    throw new SecretsError('config_invalid', `${path}: ${why}`, { cause })
  }
}

/** Opening a pipe would wait for its writer, and everything with it. */
const requireFile = (path: string): Stats => {
  const found = statSync(path)
  if (!found.isFile()) throw new SecretsError('config_invalid', 'It is no regular file.')
  return found
}

const stampOf = (path: string): string => {
  try {
    const { mtimeNs, ctimeNs, size, ino } = statSync(path, { bigint: true })
    return [mtimeNs, ctimeNs, size, ino].join(' ')
  } catch {
    return ''
  }
}
