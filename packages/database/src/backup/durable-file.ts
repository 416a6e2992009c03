import { constants } from 'node:fs'
import { type FileHandle, link, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Random, SecretsError } from '@keyplane/core'
import { draftOf, sweepDrafts } from './draft.ts'

export interface DurableFileOptions {
  readonly path: string
  readonly random: Random
  /** Whether a file that is there may be replaced. Default: no. */
  readonly replace?: boolean
}

/**
 * Writes a file for its owner alone (0600): beside its place, synced, then moved there, so that its name never has half
 * of it. What failed leaves nothing; what was killed leaves a draft, which the next writing of that file removes.
 * @throws SecretsError `conflict` (reason `exists`) if a file is there, `unavailable` (`disk_full`, `io_error`).
 */
export const writeDurably = async <T>(
  { path, random, replace = false }: DurableFileOptions,
  act: (file: FileHandle) => Promise<T>,
): Promise<T> => {
  await sweepDrafts(path)
  const draft = draftOf(path, random)
  try {
    const file = await open(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600)
    let result: T
    try {
      result = await act(file)
      await file.sync()
    } finally {
      await file.close()
    }
    await place(draft, path, replace)
    return result
  } catch (error) {
    throw fileError(error, path)
  } finally {
    await rm(draft, { force: true })
  }
}

/** Gives a file that is written its name, durably; one that is there is kept unless it may be replaced. */
export const place = async (draft: string, path: string, replace: boolean): Promise<void> => {
  if (replace) await rename(draft, path)
  else {
    await link(draft, path)
    await rm(draft)
  }
  const folder = await open(dirname(path), constants.O_RDONLY)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

export const fileError = (thrown: unknown, path: string): unknown => {
  const { code } = thrown as NodeJS.ErrnoException
  if (thrown instanceof SecretsError || typeof code !== 'string' || !/^E[A-Z]+$/.test(code)) return thrown
  const named = JSON.stringify(path)
  if (code === 'EEXIST')
    return new SecretsError('conflict', `${named} is there already; nothing was changed.`, { reason: 'exists' })
  if (code === 'ENOENT')
    return new SecretsError('source_misconfigured', `${named} is not there.`, { reason: 'missing' })
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new SecretsError('unavailable', `${named} cannot be written: the disk is full.`, { reason: 'disk_full' })
  return new SecretsError('unavailable', `${named} cannot be used (${code}).`, { reason: 'io_error', cause: thrown })
}
