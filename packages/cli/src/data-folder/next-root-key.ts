import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type Clock, type Random, SecretsError } from '@keyplane/core'
import { fileRootKey, nextRootKeySuffix, rootKeyBytes, type RootKeySource } from '@keyplane/sealing'
import type { DataFolder } from './data-folder.ts'

interface Parts {
  readonly random: Random
  readonly clock: Clock
}

/** Where the next root key lies until the store has it. */
export const nextRootKey = ({ rootKey }: DataFolder): string => `${rootKey}${nextRootKeySuffix}`

/**
 * The next root key, made where there is none.
 * @throws SecretsError `unavailable` (`cannot_write`) where the disk does not take it, with the cause in words.
 */
export const nextRootKeySource = (folder: DataFolder, { random, clock }: Parts): RootKeySource => ({
  name: 'file',
  open: async () => {
    const path = nextRootKey(folder)
    sweepDrafts(path, clock.nowMs())
    if (!existsSync(path)) telling(path, () => makeKey(path, random))
    // With a descriptor it makes none.
    return fileRootKey({ path, random }).open('')
  },
})

/** Makes the next root key the folder's, durably. Gives the path that another one before it is kept under. */
export const takeNextRootKey = (folder: DataFolder, nowMs: number): string | undefined =>
  telling(folder.rootKey, () => {
    const moment = new Date(nowMs).toISOString().replace(/[:.]/g, '-')
    const kept = `${folder.rootKey}.until-${moment}`
    const isKept = existsSync(folder.rootKey) && !isSame(folder.rootKey, nextRootKey(folder))
    if (isKept) linkSync(folder.rootKey, kept)
    renameSync(nextRootKey(folder), folder.rootKey)
    syncFolder(folder.path)
    return isKept ? kept : undefined
  })

const isSame = (one: string, other: string): boolean => {
  const keys: Buffer[] = []
  try {
    for (const path of [one, other]) keys.push(readFileSync(path))
    return keys[0]?.equals(keys[1] ?? Buffer.alloc(0)) === true
  } catch {
    return false
  } finally {
    for (const key of keys) key.fill(0)
  }
}

/** Written beside its place and linked into it: the path never holds half a key. */
const makeKey = (path: string, random: Random): void => {
  const draft = `${draftOf(path)}${Buffer.from(random.bytes(8)).toString('hex')}`
  const key = random.bytes(rootKeyBytes)
  try {
    const descriptor = openSync(draft, 'wx', 0o600)
    try {
      writeSync(descriptor, key)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    linkSync(draft, path)
    syncFolder(dirname(path))
  } catch (error) {
    // Another change of keys was quicker: it is its key that both take.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    key.fill(0)
    rmSync(draft, { force: true })
  }
}

const draftOf = (path: string): string => join(dirname(path), `.${basename(path)}.`)

const staleMs = 60_000

/** What a change of keys left behind that was killed; a younger one may be another's at work. */
const sweepDrafts = (path: string, nowMs: number): void => {
  const prefix = basename(draftOf(path))
  for (const name of readdirSync(dirname(path))) {
    const draft = join(dirname(path), name)
    const made = name.startsWith(prefix) ? statSync(draft, { throwIfNoEntry: false })?.mtimeMs : undefined
    if (made !== undefined && nowMs - made > staleMs) rmSync(draft, { force: true })
  }
}

const syncFolder = (path: string): void => {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

const causes: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
}

const telling = <T>(path: string, write: () => T): T => {
  try {
    return write()
  } catch (cause) {
    const { code = 'unknown' } = cause as NodeJS.ErrnoException
    throw new SecretsError('unavailable', `${path} can't be written: ${causes[code] ?? 'the disk fails'} (${code}).`, {
      reason: 'cannot_write',
      cause,
    })
  }
}
