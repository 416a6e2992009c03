import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type Random, SecretsError, systemClock } from '@keyplane/core'

export interface PrivateFileOptions {
  readonly path: string
  readonly content: string | Uint8Array
  readonly random: Random
  /** Whether a file that is there is replaced. Default: no. */
  readonly replace?: boolean
}

/**
 * Writes a file for its owner alone (0600), durably: beside its place, synced, then put there, so that its name never has
 * half of it. Gives whether it was written: not where one is there that is kept. What failed leaves nothing; what was
 * killed leaves a draft, which a later writing of that file removes.
 * @throws SecretsError `unavailable` (`cannot_write`) with the cause in words.
 */
export const writePrivateFile = ({ path, content, random, replace = false }: PrivateFileOptions): boolean => {
  const draft = `${draftOf(path)}${Buffer.from(random.bytes(8)).toString('hex')}`
  try {
    sweepDrafts(path)
    writeSynced(draft, content)
    if (replace) renameSync(draft, path)
    else linkSync(draft, path)
    syncFolder(dirname(path))
    return true
  } catch (error) {
    if (!replace && (error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw writeFailure(path, error)
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Lets what was renamed or linked in a folder outlive a power cut. */
export const syncFolder = (path: string): void => {
  // Windows syncs no folders.
  if (process.platform === 'win32') return
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Why the disk does not take a file, in words. */
export const writeFailure = (path: string, cause: unknown): SecretsError => {
  const { code = 'unknown' } = cause as NodeJS.ErrnoException
  return new SecretsError('unavailable', `${path} can't be written: ${causes[code] ?? 'the disk fails'} (${code}).`, {
    reason: 'cannot_write',
    cause,
  })
}

const causes: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  ENOENT: 'its folder is not there',
  ENOTDIR: 'its folder is a file',
  EISDIR: 'it is a folder',
}

const writeSynced = (path: string, content: string | Uint8Array): void => {
  const descriptor = openSync(path, 'wx', 0o600)
  try {
    // Not `writeSync`, which takes a part of it where the disk is nearly full.
    writeFileSync(descriptor, content)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

const draftOf = (path: string): string => join(dirname(path), `.${basename(path)}.`)

const abandonedAfterMs = 60_000

/** What a process left behind that was killed; a younger one may be another's at work. */
const sweepDrafts = (path: string): void => {
  const prefix = basename(draftOf(path))
  for (const name of readdirSync(dirname(path))) {
    if (!name.startsWith(prefix) || !/^[0-9a-f]{16}$/.test(name.slice(prefix.length))) continue
    const draft = join(dirname(path), name)
    const writtenAtMs = statSync(draft, { throwIfNoEntry: false })?.mtimeMs
    if (writtenAtMs !== undefined && systemClock.nowMs() - writtenAtMs > abandonedAfterMs)
      rmSync(draft, { force: true })
  }
}
