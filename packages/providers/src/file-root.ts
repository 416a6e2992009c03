import { createHash } from 'node:crypto'
import { type BigIntStats, constants } from 'node:fs'
import { type FileHandle, open, readdir, realpath, stat } from 'node:fs/promises'
import { isAbsolute, join, sep } from 'node:path'
import { SecretsError } from '@keyplane/core'
import { systemCode } from './file-failure.ts'

/** A file's content and its state from the same moment. */
export interface ReadFile {
  readonly path: string
  readonly bytes: Uint8Array
  readonly state: BigIntStats
}

export interface FileRootOptions {
  /** Bytes; a larger file is refused. */
  readonly maxBytes: number
  /** Somebody wrote this root down, so that it has to be there. */
  readonly isNamed: boolean
}

const maxAttempts = 3
// Without O_NONBLOCK, opening a named pipe would wait for its writer.
const readFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

const failure = (
  code: 'invalid_request' | 'access_denied' | 'secret_not_found' | 'bad_response' | 'unavailable' | 'unsupported',
  id: string,
  what: string,
): SecretsError => new SecretsError(code, `${JSON.stringify(id)}: ${what}.`, { source: 'file' })

/** Which file a state is of, without a trace of its content or length: a digest of where and when, not of what. */
export const fileVersion = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string =>
  createHash('sha256').update([dev, ino, size, mtimeNs, ctimeNs].join(' ')).digest('base64url').slice(0, 22)

/** The parts of an id, checked: relative, nothing empty, no `.`, and nothing that begins with `..` (Kubernetes' own). */
const partsOf = (id: string): readonly string[] => {
  const parts = id.split('/')
  const wrong = parts.some(
    (part) =>
      part === '' ||
      part === '.' ||
      part.startsWith('..') ||
      part.includes('\0') ||
      (sep !== '/' && part.includes(sep)),
  )
  if (wrong || isAbsolute(id)) throw failure('invalid_request', id, 'give a path below the root, as "db/password"')
  return parts
}

const isAbsence = (thrown: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(systemCode(thrown))

/** One folder of secrets. Nothing outside of it is read, whatever links in it say. */
export class FileRoot {
  readonly path: string
  readonly #maxBytes: number
  readonly #isNamed: boolean

  constructor(root: string, { maxBytes, isNamed }: FileRootOptions) {
    this.path = root
    this.#maxBytes = maxBytes
    this.#isNamed = isNamed
  }

  /** Reads a file whole; again if it changed meanwhile, as when Kubernetes swaps the folder behind `..data`. */
  async read(id: string): Promise<ReadFile> {
    const parts = partsOf(id)
    for (let attempt = 1; ; attempt++) {
      try {
        const read = await this.#readOnce(id, parts)
        if (read) return read
        if (attempt >= maxAttempts) throw failure('unavailable', id, 'the file changes while it is read')
      } catch (thrown) {
        const code = systemCode(thrown)
        if (attempt < maxAttempts && (code === 'ENOENT' || code === 'ELOOP')) continue
        throw await this.#absence(thrown)
      }
    }
  }

  /** The file's state, without reading it. */
  async describe(id: string): Promise<{ readonly path: string; readonly state: BigIntStats }> {
    const parts = partsOf(id)
    try {
      const state = await stat(await this.#resolve(id, parts), { bigint: true })
      this.#checkKind(id, state)
      return { path: join(this.path, ...parts), state }
    } catch (thrown) {
      throw await this.#absence(thrown)
    }
  }

  /** The ids of the files below the root, links to outside left out. A root that nobody named and that is not there has none. */
  async *ids(): AsyncGenerator<string> {
    if (!(await this.#isThere())) {
      if (this.#isNamed) throw this.#noRoot()
      return
    }
    yield* this.#idsBelow([], [])
  }

  /** A missing file by what is missing: where it is the named root itself, nothing is known of the file. */
  async #absence(thrown: unknown): Promise<unknown> {
    return this.#isNamed && isAbsence(thrown) && !(await this.#isThere()) ? this.#noRoot() : thrown
  }

  /** Whether the root is a folder. Looked at again: a root that leads through `..data` is away for the moment of a swap. */
  async #isThere(): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      try {
        return (await stat(this.path)).isDirectory()
      } catch (thrown) {
        if (!isAbsence(thrown)) throw thrown
        if (attempt >= maxAttempts) return false
      }
    }
  }

  #noRoot(): SecretsError {
    return new SecretsError(
      'source_misconfigured',
      `The root ${JSON.stringify(this.path)} is not there, or is no folder.`,
      { source: 'file', reason: 'no_root' },
    )
  }

  async #resolve(id: string, parts: readonly string[]): Promise<string> {
    const [root, path] = await Promise.all([realpath(this.path), realpath(join(this.path, ...parts))])
    if (path.startsWith(root.endsWith(sep) ? root : root + sep)) return path
    throw failure('access_denied', id, 'its symbolic link leads out of the root')
  }

  #checkKind(id: string, state: BigIntStats): void {
    if (state.isDirectory()) throw failure('secret_not_found', id, 'it is a folder')
    if (!state.isFile()) throw failure('unsupported', id, 'it is neither a file nor a folder')
    if (state.size > BigInt(this.#maxBytes))
      throw failure('bad_response', id, `the file is larger than ${this.#maxBytes} bytes`)
  }

  async #readOnce(id: string, parts: readonly string[]): Promise<ReadFile | undefined> {
    const file = await open(await this.#resolve(id, parts), readFlags)
    try {
      const before = await file.stat({ bigint: true })
      this.#checkKind(id, before)
      const bytes = await this.#bytesOf(file, id)
      const state = await file.stat({ bigint: true })
      const same = fileVersion(before) === fileVersion(state)
      return same ? { path: join(this.path, ...parts), bytes, state } : undefined
    } finally {
      await file.close()
    }
  }

  /** Trusts no size: files of /proc and the like say 0. */
  async #bytesOf(file: FileHandle, id: string): Promise<Uint8Array> {
    const chunks: Uint8Array[] = []
    let length = 0
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(65_536))
      if (bytesRead === 0) return Buffer.concat(chunks)
      length += bytesRead
      if (length > this.#maxBytes) throw failure('bad_response', id, `the file is larger than ${this.#maxBytes} bytes`)
      chunks.push(buffer.subarray(0, bytesRead))
    }
  }

  /** `above` names the folders on the way here, for links in a circle to end. */
  async *#idsBelow(parts: readonly string[], above: readonly string[]): AsyncGenerator<string> {
    for (const name of await this.#namesIn(parts)) {
      const inner = [...parts, name]
      const state = await this.#stateOf(inner)
      const folder = state?.isDirectory() ? `${state.dev}:${state.ino}` : ''
      if (state?.isFile()) yield inner.join('/')
      else if (folder !== '' && !above.includes(folder)) yield* this.#idsBelow(inner, [...above, folder])
    }
  }

  async #namesIn(parts: readonly string[]): Promise<readonly string[]> {
    try {
      const names = await readdir(join(this.path, ...parts))
      return names.filter((name) => !name.startsWith('..')).sort()
    } catch (thrown) {
      if (systemCode(thrown) === 'ENOENT') return []
      throw thrown
    }
  }

  /** The state of a listed name; nothing where it leads nowhere, out of the root, or was deleted since. */
  async #stateOf(parts: readonly string[]): Promise<BigIntStats | undefined> {
    try {
      return await stat(await this.#resolve(parts.join('/'), parts), { bigint: true })
    } catch {
      return undefined
    }
  }
}
