import { fileRootKey } from '@keyplane/sealing'
import { rekeyStore, renewKmsKeys } from '@keyplane/store'
import type { Command, Context } from '../context.ts'
import { nextRootKey, takeNextRootKey } from '../data-folder/next-root-key.ts'
import { exitCodes } from '../exit-codes.ts'
import { type DatabaseFlags, existingDatabase } from '../plane/store-database.ts'
import type { RootKeyFlags } from '../root-key/root-key-flags.ts'
import { rootKeySource } from '../root-key/root-key-source.ts'
import { progress } from '../progress.ts'

interface RekeyFlags extends DatabaseFlags, RootKeyFlags {
  readonly kmsKey?: boolean
}

/** Changes the root key, or with `--kms-key` the materials of the KMS keys; also while the store runs. */
export const storeRekey: Command<RekeyFlags> = (context, _args, { kmsKey = false, ...flags }) =>
  kmsKey ? renewKeys(context, flags) : changeRootKey(context, flags)

/** The new key lies beside the old one before the store has it: whenever this is cut off, one of the two opens it. */
const changeRootKey = async (context: Context, flags: DatabaseFlags & RootKeyFlags): Promise<number> => {
  const { folder, terminal, random, clock } = context
  const from = rootKeySource(context, flags)
  const { keys } = await rekeyStore({
    ...existingDatabase(context, flags),
    from,
    to: fileRootKey({ path: nextRootKey(folder), random }),
  })
  const kept = takeNextRootKey(folder, clock.nowMs())
  const before = kept ?? `that of ${from.name}`
  if (terminal.json) terminal.data(JSON.stringify({ keys, rootKey: folder.rootKey, before }))
  else {
    const what = keys === 1 ? '1 KMS key is' : `${keys} KMS keys are`
    terminal.words(`${terminal.style('green', '✓')} ${what} under a new root key: ${folder.rootKey}`)
    terminal.words(`The one before, which older backups want: ${before}`)
  }
  return exitCodes.ok
}

const renewKeys = async (context: Context, flags: DatabaseFlags & RootKeyFlags): Promise<number> => {
  const { terminal, clock, random } = context
  const { keys, dataKeys } = await renewKmsKeys({
    ...existingDatabase(context, flags),
    rootKey: rootKeySource(context, flags),
    clock,
    random,
    onProgress: progress(terminal, clock, 'data keys'),
  })
  if (terminal.json) terminal.data(JSON.stringify({ keys, dataKeys }))
  else
    terminal.words(
      `${terminal.style('green', '✓')} ${dataKeys} data keys are under new materials of ${keys} ${keys === 1 ? 'KMS key' : 'KMS keys'}.`,
    )
  return exitCodes.ok
}
