import { backUpStore } from '@keyplane/store'
import type { Command } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { type DatabaseFlags, existingDatabase } from '../plane/store-database.ts'
import { progress } from '../progress.ts'

interface BackupFlags extends DatabaseFlags {
  readonly force?: boolean
}

/** All of a store in one file, also while it runs. */
export const storeBackup: Command<BackupFlags> = async (context, [path = ''], { force = false, ...flags }) => {
  const { terminal, clock, random } = context
  const { rows, bytes, sha256, rootKey } = await backUpStore({
    ...existingDatabase(context, flags),
    path,
    replace: force,
    clock,
    random,
    onProgress: progress(terminal, clock, 'rows'),
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

/** What a restore wants besides, as far as it is a file. */
const kept = (source: string): string => (source === 'file' ? 'root.key and iam.json' : 'it and iam.json')
