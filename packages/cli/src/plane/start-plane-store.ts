import { readFileSync } from 'node:fs'
import { SecretsError } from '@keyplane/core'
import { fileRootKey } from '@keyplane/sealing'
import { type CallReport, parseIdentities, type RunningStore, startStore } from '@keyplane/store'
import type { Context } from '../context.ts'
import { makeCredentials, planeAccount } from '../data-folder/credentials.ts'

export interface PlaneStoreOptions {
  readonly port: number
  readonly onChange?: (secret: { readonly arn: string; readonly name: string }) => void
  readonly onCall?: (report: CallReport) => void
}

/** The store on this data folder, which is made, with its keys, where it is not there yet. */
export const startPlaneStore = async (
  { folder, random, clock, terminal }: Context,
  options: PlaneStoreOptions,
): Promise<RunningStore> => {
  folder.create()
  makeCredentials(folder, random)
  return startStore({
    ...options,
    databasePath: folder.database,
    rootKey: fileRootKey({ path: folder.rootKey, random }),
    identities: readIdentities(folder.iam),
    account: planeAccount,
    random,
    clock,
    log: ({ requestId, code, message }) => terminal.problem(`keyplane: store: ${message} (${code}, ${requestId})`),
  })
}

const readIdentities = (path: string) => {
  try {
    return parseIdentities(readFileSync(path, 'utf8'))
  } catch (error) {
    if (!(error instanceof SecretsError)) throw error
    throw new SecretsError('config_invalid', `${path}: ${error.message}`, { cause: error })
  }
}
