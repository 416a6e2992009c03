import { rekeyStore, renewKmsKeys } from '@keyplane/store'
import type { Command, Context } from '../context.ts'
import { nextRootKey, nextRootKeySource, takeNextRootKey } from '../data-folder/next-root-key.ts'
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
  const { folder, terminal, clock, random } = context
  const from = rootKeySource(context, flags)
  const rekeyed = await rekeyStore({
    ...existingDatabase(context, flags),
    from,
    to: nextRootKeySource(folder, random),
  })
  const kept = takeNextRootKey(folder, clock.nowMs())
  const before = kept ?? `that of ${from.name}`
  if (!rekeyed) tellUnchanged(context)
  else if (terminal.json)
    terminal.data(JSON.stringify({ rotated: true, keys: rekeyed.keys, rootKey: folder.rootKey, before }))
  else {
    const { keys } = rekeyed
    const what = keys === 1 ? '1 KMS key is' : `${keys} KMS keys are`
    terminal.words(`${terminal.style('green', '✓')} ${what} under a new root key: ${folder.rootKey}`)
    terminal.words(`The one before, which older backups want: ${before}`)
    terminal.words('Copy root.key to your key backup.')
  }
  if (from.name !== 'file') tellFile(context)
  return exitCodes.ok
}

const tellUnchanged = ({ folder, terminal }: Context): void => {
  if (terminal.json) terminal.data(JSON.stringify({ rotated: false }))
  else
    terminal.words(
      `The store had this key already; ${nextRootKey(folder)} was taken over. Run rekey again for a new key.`,
    )
}

/** What else names the source of before would refuse the next start. */
const tellFile = ({ env, terminal }: Context): void => {
  const variables = ['KEYPLANE_ROOT_KEY', 'KEYPLANE_ROOT_KEY_SOURCE'].filter((name) => env[name] !== undefined)
  const unset = variables.length > 0 ? `unset ${variables.join(' ')}, or ` : ''
  terminal.words(`The store's root key is in a file from here on: ${unset}give --root-key file.`)
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
