import { fileRootKey } from '@keyplane/sealing'
import { restoreStore } from '@keyplane/store'
import type { Command } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { type DatabaseFlags, databaseName, storeDatabase } from '../plane/store-database.ts'
import { progress } from '../progress.ts'

/** A store out of a backup, where there is none yet. */
export const storeRestore: Command<DatabaseFlags> = async (context, [path = ''], flags) => {
  const { folder, terminal, clock, random } = context
  const database = storeDatabase(context, flags)
  const { rows } = await restoreStore({
    ...database,
    path,
    rootKey: fileRootKey({ path: folder.rootKey, random }),
    random,
    onProgress: progress(terminal, clock, 'rows'),
  })
  if (terminal.json) terminal.data(JSON.stringify({ database: databaseName(database), rows }))
  else terminal.words(`${terminal.style('green', '✓')} ${rows} rows restored into ${databaseName(database)}`)
  return exitCodes.ok
}
