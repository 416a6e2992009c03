import { readFileSync, statSync } from 'node:fs'
import { SecretsError } from '@keyplane/core'

/**
 * The text of a file that only its owner may read; nothing where there is none.
 * @throws SecretsError `config_invalid` where it can't be read.
 */
export const readPrivateFile = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    // ENOTDIR: what should be its folder is a file.
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new SecretsError('config_invalid', `${path} can't be read (${code}); it has to belong to you, mode 0600.`, {
      cause,
    })
  }
}

/** Whether somebody else than the owner may look in; nothing where there is no file. */
export const isOpenToOthers = (path: string): boolean | undefined => {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat && (stat.mode & 0o077) !== 0
}
