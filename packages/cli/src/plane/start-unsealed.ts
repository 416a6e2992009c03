import { SecretsError } from '@keyplane/core'
import { passphraseRootKey, type RootKeySource } from '@keyplane/sealing'
import { proveRootKey, rootKeySourceOf, type StoreDatabase } from '@keyplane/store'
import type { Context } from '../context.ts'
import { forgetRunning, noteRunning } from '../data-folder/running-plane.ts'
import type { RootKeyFlags } from '../root-key/root-key-flags.ts'
import { advisedRootKey } from '../root-key/advised-root-key.ts'
import { rootKeyName, rootKeySource } from '../root-key/root-key-source.ts'
import { SealedDoor } from '../root-key/sealed-door.ts'
import type { DatabaseFlags } from './store-database.ts'

export interface Unsealing {
  readonly database: StoreDatabase
  readonly port: number
  readonly flags: RootKeyFlags & DatabaseFlags
  /** Resolves when the process is asked to end. */
  readonly ended: Promise<unknown>
}

/** How a store can start that has its root key; nothing if the process was ended before. */
export type Unsealed =
  | {
      readonly rootKey: RootKeySource
      /** Where it was listened meanwhile. */
      readonly port: number
      /** Tells whoever gave the passphrase that the store listens, or what it failed with. */
      readonly settled: (failure?: unknown) => Promise<void>
    }
  | undefined

/**
 * The root key's source. Where that is a passphrase which nobody is there to type, the store stands sealed until one
 * comes that proves right: every call is answered 503.
 */
export const startUnsealed = async (context: Context, unsealing: Unsealing): Promise<Unsealed> => {
  const { port, flags } = unsealing
  const waits = rootKeyName(context, flags) === 'passphrase' && flags.passphraseFd === undefined && !context.stdin.isTTY
  const settled = (): Promise<void> => Promise.resolve()
  return waits ? waitForPassphrase(context, unsealing) : { rootKey: rootKeySource(context, flags), port, settled }
}

const waitForPassphrase = async (
  { folder, random, terminal }: Context,
  { database, port, ended }: Unsealing,
): Promise<Unsealed> => {
  folder.create()
  const by = (passphrase: Uint8Array): RootKeySource =>
    advisedRootKey(passphraseRootKey({ passphrase: async () => Buffer.from(passphrase), random }), () => database)
  const door = new SealedDoor({
    folder,
    port,
    isNew: async () => (await rootKeySourceOf(database)) === undefined,
    prove: async (passphrase) => {
      const found = await proveRootKey(database, by(passphrase))
      // For a new store any is right, if it is long enough to be one.
      if (found === 'new') await by(passphrase).open()
    },
  })
  const listensOn = await door.listen()
  noteRunning(folder, { pid: process.pid, storeUrl: `http://127.0.0.1:${listensOn}` }, random)
  terminal.words('Sealed: give the passphrase with: keyplane store unseal')
  const passphrase = await Promise.race([door.opened, ended.then(() => undefined)])
  if (passphrase) {
    await door.stepAside()
    const settled = async (failure?: unknown): Promise<void> => {
      await door.close(failure)
      if (failure !== undefined) forgetRunning(folder)
    }
    return { rootKey: by(passphrase), port: listensOn, settled }
  }
  await door.close(new SecretsError('unavailable', 'The store was ended before it was open.', { reason: 'not_sealed' }))
  forgetRunning(folder)
  return undefined
}
