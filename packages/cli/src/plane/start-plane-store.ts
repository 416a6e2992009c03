import { readFileSync } from 'node:fs'
import { SecretsError } from '@keyplane/core'
import { fileRootKey } from '@keyplane/sealing'
import { type CallReport, parseIam, type RunningStore, type StoreDatabase, startStore } from '@keyplane/store'
import type { Context } from '../context.ts'
import { makeCredentials } from '../data-folder/credentials.ts'

export interface PlaneStoreOptions {
  readonly port: number
  /** Default: the SQLite file of the data folder. */
  readonly database?: StoreDatabase
  readonly onChange?: (secret: { readonly arn: string; readonly name: string }) => void
  readonly onCall?: (report: CallReport) => void
}

/** The store on this data folder, which is made, with its keys, where it is not there yet. */
export const startPlaneStore = async (
  { folder, random, clock, terminal }: Context,
  { database = { databasePath: folder.database }, ...options }: PlaneStoreOptions,
): Promise<RunningStore> => {
  folder.create()
  makeCredentials(folder, random)
  return startStore({
    ...options,
    ...database,
    rootKey: fileRootKey({ path: folder.rootKey, random }),
    iam: readIam(folder.iam),
    random,
    clock,
    log: ({ requestId, code, message }) => terminal.problem(`keyplane: store: ${message} (${code}, ${requestId})`),
  })
}

const readIam = (path: string) => {
  try {
    return parseIam(readFileSync(path, 'utf8'))
  } catch (error) {
    if (!(error instanceof SecretsError)) throw error
    throw new SecretsError('config_invalid', `${path}: ${error.message}`, { cause: error })
  }
}
