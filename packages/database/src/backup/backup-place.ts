import type { Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { SecretsError } from '@keyplane/core'
import { fileError } from './durable-file.ts'

/**
 * Whether a backup can be a file at a path: in a folder that is there, and not in place of what is no file.
 * @throws SecretsError `config_invalid`, or `source_misconfigured` (`missing`) where there is no such folder.
 */
export const requirePlace = async (path: string): Promise<void> => {
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
}

const statOf = async (path: string): Promise<Stats | undefined> => {
  try {
    return await stat(path)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw fileError(error, path)
  }
}
