import { constants, existsSync } from 'node:fs'
import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Random, SecretsError } from '@keyplane/core'
import { localRootKey, rootKeyBytes } from '../local-root-key.ts'
import { writePrivateFile } from '../private-file.ts'
import type { RootKey, RootKeySource } from '../root-key.ts'

export interface FileRootKeyOptions {
  readonly path: string
  readonly random: Random
}

/** Where the next root key lies while a store changes over to it: beside the other, with this behind its name. */
export const nextRootKeySuffix = '.next'

/**
 * The root key in a file of 32 raw bytes that only its owner may read. A new store's key is made where there is none;
 * an existing store's never is. Where a next one lies beside it, whichever opens the store is taken: the change of keys
 * may have been cut off before or after the store had the new one.
 *
 * A symbolic link is followed, because mounted secrets are links; what counts is the file that was opened.
 */
export const fileRootKey = ({ path, random }: FileRootKeyOptions): RootKeySource =>
  Object.freeze<RootKeySource>({
    name: 'file',
    open: async (descriptor) => {
      if (descriptor === undefined) await createRootKeyFile(path, random)
      const current = await keyIn(path, random)
      const next = descriptor === undefined ? undefined : await nextKey(path, random)
      return next ? eitherOf(current, next) : current
    },
  })

const keyIn = async (path: string, random: Random): Promise<RootKey> => {
  const bytes = await readRootKeyFile(path)
  try {
    return localRootKey(bytes, random)
  } finally {
    bytes.fill(0)
  }
}

const nextKey = async (path: string, random: Random): Promise<RootKey | undefined> => {
  try {
    return await keyIn(`${path}${nextRootKeySuffix}`, random)
  } catch (error) {
    if (error instanceof SecretsError && error.reason === 'no_root_key') return undefined
    throw error
  }
}

/** The key of the two that opens what the store has; it wraps from then on. */
const eitherOf = (current: RootKey, next: RootKey): RootKey => {
  let [used, other] = [current, next]
  return {
    descriptor: current.descriptor,
    wrap: (plain, binding) => used.wrap(plain, binding),
    unwrap: async (wrapped, binding) => {
      try {
        return await used.unwrap(wrapped, binding)
      } catch (error) {
        if (!(error instanceof SecretsError) || error.code !== 'integrity') throw error
        const plain = await other.unwrap(wrapped, binding)
        ;[used, other] = [other, used]
        return plain
      }
    },
  }
}

const readRootKeyFile = async (path: string): Promise<Uint8Array> => {
  const file = await openForReading(path)
  try {
    const { mode, size, uid } = await file.stat()
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw refused(path, 'is not a regular file')
    // Windows has no such bits, and reports every file as readable by all.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0)
      throw refused(path, `may be read by others (mode ${(mode & 0o777).toString(8)}); run: chmod 600 ${path}`)
    const self = process.getuid?.()
    if (self !== undefined && uid !== self && uid !== 0) throw refused(path, 'belongs to another user')
    if (size !== rootKeyBytes) throw refused(path, `has ${size} bytes; a root key has ${rootKeyBytes}`)
    return await file.readFile()
  } finally {
    await file.close()
  }
}

const openForReading = async (path: string): Promise<FileHandle> => {
  try {
    // Without O_NONBLOCK, opening a named pipe would wait for its writer.
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    throw missing
      ? refused(path, 'is not there; the store cannot be opened without it', error, 'no_root_key')
      : refused(path, 'cannot be read', error)
  }
}

/** Many stores may start at once on one folder: the first one's key is the key of all. */
const createRootKeyFile = async (path: string, random: Random): Promise<void> => {
  // A mounted key's folder may be read-only.
  if (existsSync(path)) return
  const bytes = random.bytes(rootKeyBytes)
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    writePrivateFile({ path, content: bytes, random })
  } catch (error) {
    throw error instanceof SecretsError ? error : refused(path, 'cannot be made', error)
  } finally {
    bytes.fill(0)
  }
}

const refused = (path: string, why: string, cause?: unknown, reason?: string): SecretsError =>
  new SecretsError('source_misconfigured', `The root key file ${JSON.stringify(path)} ${why}.`, {
    cause,
    ...(reason && { reason }),
  })
