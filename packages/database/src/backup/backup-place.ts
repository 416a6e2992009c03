import type { Stats } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { SecretsError } from '@keyplane/core'
import { fileError } from './durable-file.ts'
import { backupFormat } from './format.ts'

/**
 * Whether a backup can be a file at a path: in a folder that is there, and not in place of what is no file, or, where it
 * may replace one, of a file that is no backup: it may be the database itself, or its key.
 * @throws SecretsError `config_invalid`, or `source_misconfigured` (`missing`) where there is no such folder.
 */
export const requirePlace = async (
  path: string,
  { replace = false }: { readonly replace?: boolean } = {},
): Promise<void> => {
  if (path === '' || path === '-')
    throw new SecretsError('config_invalid', 'A backup is written to a file, not to the output; name one.')
  const folder = dirname(path)
  const above = await statOf(folder)
  if (!above?.isDirectory())
    throw new SecretsError('source_misconfigured', `The folder ${JSON.stringify(folder)} is not there.`, {
      reason: 'missing',
    })
  const found = await statOf(path)
  const named = JSON.stringify(path)
  if (path.endsWith('/') || found?.isDirectory())
    throw new SecretsError('config_invalid', `${named} is a folder; name a file in it.`)
  if (found && !found.isFile())
    throw new SecretsError('config_invalid', `${named} is no ordinary file; a backup is written to one.`)
  if (found && replace && !(await beginsAsBackup(path)))
    throw new SecretsError('config_invalid', `${named} is no backup, and is not replaced by one; name another file.`)
}

const head = Buffer.from(`{"format":${JSON.stringify(backupFormat)},`)

const beginsAsBackup = async (path: string): Promise<boolean> => {
  try {
    const file = await open(path)
    const begin = Buffer.alloc(head.length)
    await file.read(begin, 0, head.length, 0).finally(() => file.close())
    return begin.equals(head)
  } catch (error) {
    throw fileError(error, path)
  }
}

const statOf = async (path: string): Promise<Stats | undefined> => {
  try {
    return await stat(path)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw fileError(error, path)
  }
}
