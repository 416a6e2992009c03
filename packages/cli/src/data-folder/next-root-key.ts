import { existsSync, linkSync, readFileSync, renameSync } from 'node:fs'
import { type Random } from '@keyplane/core'
import {
  fileRootKey,
  nextRootKeySuffix,
  rootKeyBytes,
  type RootKeySource,
  syncFolder,
  writeFailure,
  writePrivateFile,
} from '@keyplane/sealing'
import type { DataFolder } from './data-folder.ts'

/** Where the next root key lies until the store has it. */
export const nextRootKey = ({ rootKey }: DataFolder): string => `${rootKey}${nextRootKeySuffix}`

/**
 * The next root key, made where there is none.
 * @throws SecretsError `unavailable` (`cannot_write`) where the disk does not take it, with the cause in words.
 */
export const nextRootKeySource = (folder: DataFolder, random: Random): RootKeySource => ({
  name: 'file',
  open: async () => {
    const path = nextRootKey(folder)
    if (!existsSync(path)) makeKey(path, random)
    // With a descriptor it makes none.
    return fileRootKey({ path, random }).open('')
  },
})

/** Where another change of keys was quicker, it is its key that both take. */
const makeKey = (path: string, random: Random): void => {
  const content = random.bytes(rootKeyBytes)
  try {
    writePrivateFile({ path, content, random })
  } finally {
    content.fill(0)
  }
}

/** Makes the next root key the folder's, durably. Gives the path that another one before it is kept under. */
export const takeNextRootKey = (folder: DataFolder, nowMs: number): string | undefined =>
  telling(folder, () => {
    // Another change of keys that took this one over was quicker.
    if (!existsSync(nextRootKey(folder)) && existsSync(folder.rootKey)) return undefined
    const kept = keptPath(folder.rootKey, nowMs)
    const isKept = existsSync(folder.rootKey) && !isSame(folder.rootKey, nextRootKey(folder))
    if (isKept) linkSync(folder.rootKey, kept)
    renameSync(nextRootKey(folder), folder.rootKey)
    syncFolder(folder.path)
    return isKept ? kept : undefined
  })

/**
 * Puts away the root key of a store that has another source from here on, and a next one that it may have had: older
 * backups want them. Gives the paths that they are kept under.
 */
export const putAwayRootKey = (folder: DataFolder, nowMs: number): readonly string[] =>
  telling(folder, () => {
    const found = [folder.rootKey, nextRootKey(folder)].filter((path) => existsSync(path))
    const kept = found.map((path) => [path, keptPath(path, nowMs)] as const)
    for (const [path, until] of kept) renameSync(path, until)
    syncFolder(folder.path)
    return kept.map(([, until]) => until)
  })

const keptPath = (path: string, nowMs: number): string =>
  `${path}.until-${new Date(nowMs).toISOString().replace(/[:.]/g, '-')}`

const telling = <T>({ rootKey }: DataFolder, act: () => T): T => {
  try {
    return act()
  } catch (cause) {
    throw writeFailure(rootKey, cause)
  }
}

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
