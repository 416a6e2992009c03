import { rekeyStore, renewKmsKeys } from '@keyplane/store'
import type { Command, Context } from '../context.ts'
import type { DataFolder } from '../data-folder/data-folder.ts'
import { nextRootKey, putAwayRootKey, takeNextRootKey } from '../data-folder/next-root-key.ts'
import { exitCodes } from '../exit-codes.ts'
import { type DatabaseFlags, existingDatabase } from '../plane/store-database.ts'
import { rootKeyVariable } from '../root-key/named-root-key.ts'
import { newRootKeySource, type NewRootKeyFlags, nextRootKeyVariable } from '../root-key/new-root-key.ts'
import type { RootKeyFlags } from '../root-key/root-key-flags.ts'
import { rootKeyName, rootKeySource } from '../root-key/root-key-source.ts'
import { progress } from '../progress.ts'
import { UsageError } from '../usage-error.ts'

interface RekeyFlags extends DatabaseFlags, NewRootKeyFlags {
  readonly kmsKey?: boolean
}

/** Changes the root key, or with `--kms-key` the materials of the KMS keys; also while the store runs. */
export const storeRekey: Command<RekeyFlags> = (context, _args, { kmsKey = false, ...flags }) => {
  if (flags.toPassphraseFd !== undefined && flags.to !== 'passphrase')
    throw new UsageError('--to-passphrase-fd gives a new passphrase: it wants --to passphrase beside it.')
  if (!kmsKey) return changeRootKey(context, flags)
  if (flags.to !== undefined)
    throw new UsageError('--to names a new root key, --kms-key leaves it as it is: give one of them.')
  return renewKeys(context, flags)
}

/** A key that is new in a file lies beside the old one before the store has it: whenever this is cut off, one opens it. */
const changeRootKey = async (context: Context, flags: DatabaseFlags & NewRootKeyFlags): Promise<number> => {
  const { folder, clock } = context
  const names = { from: rootKeyName(context, flags), to: flags.to ?? 'file' }
  const from = rootKeySource(context, flags)
  const to = newRootKeySource(context, flags)
  const rekeyed = await rekeyStore({ ...existingDatabase(context, flags), from, to })
  const kept = settleFiles(folder, names, clock.nowMs())
  if (rekeyed) {
    const where = names.to === 'file' ? folder.rootKey : names.to
    tellChanged(context, { ...rekeyed, where, before: kept || `that of ${names.from}` })
  } else tellUnchanged(context, names.to)
  tellNextStart(context, names)
  return exitCodes.ok
}

interface Names {
  readonly from: string
  readonly to: string
}

/** Lets the data folder have the file of the store's root key, or none. Gives where the one before is kept, if it was one. */
const settleFiles = (folder: DataFolder, { from, to }: Names, nowMs: number): string => {
  if (to === 'file') return takeNextRootKey(folder, nowMs) ?? ''
  return from === 'file' ? putAwayRootKey(folder, nowMs).join(', ') : ''
}

interface Change {
  readonly keys: number
  /** What the new key is. */
  readonly where: string
  /** What the old one was. */
  readonly before: string
}

const tellChanged = ({ folder, terminal }: Context, { keys, where, before }: Change): void => {
  if (terminal.json) return terminal.data(JSON.stringify({ rotated: true, keys, rootKey: where, before }))
  const what = keys === 1 ? '1 KMS key is' : `${keys} KMS keys are`
  terminal.words(`${terminal.style('green', '✓')} ${what} under a new root key: ${where}`)
  terminal.words(`The one before, which older backups want: ${before}`)
  if (where === folder.rootKey) terminal.words('Copy root.key to your key backup.')
}

const tellUnchanged = ({ folder, terminal }: Context, to: string): void => {
  if (terminal.json) return terminal.data(JSON.stringify({ rotated: false }))
  terminal.words(
    to === 'file'
      ? `The store had this key already; ${nextRootKey(folder)} was taken over. Run rekey again for a new key.`
      : `The store had the key of ${to} already.`,
  )
}

/** What has to be done before the next start, where it would look for another key. */
const tellNextStart = (context: Context, { from, to }: Names): void => {
  const { env, terminal } = context
  if (to === 'environment')
    terminal.words(`Put the value of ${nextRootKeyVariable} into ${rootKeyVariable} before the next start.`)
  if (to !== 'file') terminal.words('Stores that run have to be started anew with it.')
  if (from === to && rootKeyName(context, {}) === to) return
  const set = [rootKeyVariable, 'KEYPLANE_ROOT_KEY_SOURCE'].filter((name) => env[name] !== undefined)
  if (to === 'file') {
    const unset = set.length > 0 ? `unset ${set.join(' ')}, or ` : ''
    terminal.words(`The store's root key is in a file from here on: ${unset}give --root-key file.`)
  } else terminal.words(`The store's root key comes from ${to} from here on: give --root-key ${to}.`)
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
