import { existsSync } from 'node:fs'
import { restoreStore } from '@keyplane/store'
import type { Command } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { refuseSecondPlane } from '../plane/refuse-second-plane.ts'
import { type DatabaseFlags, databaseName, storeDatabase } from '../plane/store-database.ts'
import type { RootKeyFlags } from '../root-key/root-key-flags.ts'
import { namedRootKey } from '../root-key/named-root-key.ts'
import { rootKeyName } from '../root-key/root-key-source.ts'
import { progress } from '../progress.ts'

/** A store out of a backup, where there is none yet. */
export const storeRestore: Command<DatabaseFlags & RootKeyFlags> = async (context, [path = ''], flags) => {
  const { folder, terminal, clock, random } = context
  const database = storeDatabase(context, flags)
  // One that runs holds the file that was there before, and would write to it for ever.
  if (database.databasePath !== undefined) await refuseSecondPlane(folder)
  const { rows, rootKey } = await restoreStore({
    ...database,
    path,
    rootKey: namedRootKey(context, rootKeyName(context, flags), flags),
    random,
    onProgress: progress(terminal, clock, 'rows'),
  })
  if (terminal.json) terminal.data(JSON.stringify({ database: databaseName(database), rows, rootKey: rootKey.name }))
  else terminal.words(`${terminal.style('green', '✓')} ${rows} rows restored into ${databaseName(database)}`)
  if (!terminal.json) terminal.words(`Its root key comes from ${rootKey.name}.`)
  if (!existsSync(folder.iam))
    terminal.words('Put iam.json here too; without it new access keys are made at the next start.')
  return exitCodes.ok
}
