import { closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync } from 'node:fs'
import { nextRootKeySuffix } from '@keyplane/sealing'
import type { DataFolder } from './data-folder.ts'

/** Where the next root key lies until the store has it. */
export const nextRootKey = ({ rootKey }: DataFolder): string => `${rootKey}${nextRootKeySuffix}`

/** Makes the next root key the folder's, durably. Gives the path that the one before is kept under, if it was a file. */
export const takeNextRootKey = (folder: DataFolder, nowMs: number): string | undefined => {
  const moment = new Date(nowMs).toISOString().replace(/[:.]/g, '-')
  const kept = `${folder.rootKey}.until-${moment}`
  const isKept = existsSync(folder.rootKey)
  if (isKept) linkSync(folder.rootKey, kept)
  renameSync(nextRootKey(folder), folder.rootKey)
  const descriptor = openSync(folder.path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  return isKept ? kept : undefined
}
