import { SecretsError, toSecretsError } from '@keyplane/core'
import { type BackUpOptions, backUpStore } from '@keyplane/store'
import type { Command, Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { type DatabaseFlags, existingDatabase } from '../plane/store-database.ts'
import type { RootKeyFlags } from '../root-key/root-key-flags.ts'
import { rootKeyName, rootKeySource } from '../root-key/root-key-source.ts'
import { progress } from '../progress.ts'

interface BackupFlags extends DatabaseFlags, RootKeyFlags {
  readonly force?: boolean
}

/** All of a store in one file, also while it runs. */
export const storeBackup: Command<BackupFlags> = async (context, [path = ''], { force = false, ...flags }) => {
  const { folder, terminal, clock, random } = context
  if (folder.owns(path))
    throw new SecretsError(
      'config_invalid',
      `${JSON.stringify(path)} is a file of the store's own; write the backup to another.`,
    )
  const { rows, bytes, sha256, rootKey } = await backUpStore({
    ...existingDatabase(context, flags),
    path,
    replace: force,
    clock,
    random,
    onProgress: progress(terminal, clock, 'rows'),
    ...recording(context, flags),
  })
  if (terminal.json) terminal.data(JSON.stringify({ path, rows, bytes, sha256, rootKey: rootKey.name }))
  else {
    terminal.words(`${terminal.style('green', '✓')} ${path}: ${rows} rows, ${bytes} bytes`)
    terminal.words(
      `The root key (${rootKey.name}) and the users are not in it: keep ${kept(rootKey.source)} elsewhere.`,
    )
  }
  return exitCodes.ok
}

/** The backup's record in the audit log takes the root key, but nobody is asked for one, and nothing waits for it. */
const recording = (context: Context, flags: BackupFlags): Pick<BackUpOptions, 'rootKey' | 'onUnrecorded'> => {
  const warn = (why: string): void => context.terminal.warn(`The audit log has no record of this backup: ${why}`)
  if (rootKeyName(context, flags) !== 'passphrase' || flags.passphraseFd !== undefined)
    return {
      rootKey: rootKeySource(context, flags),
      onUnrecorded: (error) => warn(toSecretsError(error).message),
    }
  warn('it takes the passphrase; give it by --passphrase-fd.')
  return {}
}

/** What a restore wants besides, as far as it is a file. */
const kept = (source: string): string => (source === 'file' ? 'root.key and iam.json' : 'it and iam.json')
