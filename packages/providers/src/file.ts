import { delimiter } from 'node:path'
import {
  BytesValue,
  type CallOptions,
  type ErrorCode,
  type Outcome,
  type SecretLister,
  type SecretProvider,
  type SecretRef,
  SecretsError,
  type SecretState,
  type SecretValue,
  type SecretVersion,
  type StateReader,
  TextValue,
} from '@keyplane/core'
import { fileFailure, unlessAborted } from './file-failure.ts'
import { FileRoot, fileVersion } from './file-root.ts'
import { type ProviderSettings, setting } from './provider-settings.ts'

export interface FileProviderOptions {
  /** The folder with one file per secret. This or `roots` is needed. */
  readonly root?: string
  /** Several folders; of two that have a file the earlier wins. */
  readonly roots?: readonly string[]
  /** `final-newline` cuts one line end off the end of a text, as editors and `echo` leave it. Default: `none`. */
  readonly trim?: 'final-newline' | 'none'
  /** A larger file is refused. Bytes; default 1,048,576. */
  readonly maxBytes?: number
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const valueOf = (bytes: Uint8Array, trim: FileProviderOptions['trim']): SecretValue => {
  try {
    const text = strictUtf8.decode(bytes)
    return new TextValue(trim === 'final-newline' ? text.replace(/\r?\n$/, '') : text)
  } catch {
    return new BytesValue(bytes)
  }
}

class FileProvider implements SecretProvider {
  readonly name = 'file'
  readonly local = true
  readonly list: SecretLister
  readonly state: StateReader
  readonly #roots: readonly FileRoot[]
  readonly #trim: FileProviderOptions['trim']
  #closed = false

  constructor(options: FileProviderOptions, isNamed: boolean) {
    const { root, roots = root === undefined ? [] : [root], trim = 'none', maxBytes = 1_048_576 } = options
    if (roots.length === 0 || roots.includes(''))
      throw new SecretsError('config_invalid', 'The file provider needs a root: the folder with one file per secret.')
    this.#roots = roots.map((folder) => new FileRoot(folder, { maxBytes, isNamed }))
    this.#trim = trim
    this.state = { maxRefs: 1_000, describe: (refs, call) => this.#describeAll(refs, call) }
    this.list = { list: (query, call) => this.#list(query, call) }
  }

  async get(ref: SecretRef, call?: CallOptions): Promise<SecretVersion> {
    const read = await this.#ask(ref, call, (folder) => folder.read(ref.id))
    const version = fileVersion(read.state)
    this.#checkVersion(ref, version)
    const { path: id, state } = read
    const stages = Object.freeze(['current' as const])
    const createdAtMs = Number(state.mtimeMs)
    return Object.freeze({ id, name: ref.id, version, stages, createdAtMs, value: valueOf(read.bytes, this.#trim) })
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  /** Asks the folders in turn; only a true absence goes on to the next. */
  async #ask<T>(ref: SecretRef, call: CallOptions | undefined, act: (folder: FileRoot) => Promise<T>): Promise<T> {
    this.#begin(call)
    if (ref.as !== undefined) throw this.#error('unsupported', 'Files have no identities to assume.')
    let absence = this.#error('secret_not_found', `${JSON.stringify(ref.id)}: there is no such file.`)
    for (const folder of this.#roots) {
      const outcome = await unlessAborted(call?.signal, () => this.#outcome(ref.id, () => act(folder)))
      this.#begin(call)
      if (outcome.ok) return outcome.value
      if (outcome.error.code !== 'secret_not_found') throw outcome.error
      absence = outcome.error
    }
    throw absence
  }

  async #outcome<T>(id: string, act: () => Promise<T>): Promise<Outcome<T>> {
    try {
      return { ok: true, value: await act() }
    } catch (thrown) {
      return { ok: false, error: fileFailure(thrown, id, this.name) }
    }
  }

  #checkVersion(ref: SecretRef, version: string): void {
    if ((ref.version ?? version) === version && (ref.stage ?? 'current') === 'current') return
    throw this.#error('version_not_found', `${JSON.stringify(ref.id)}: a file has its current version only.`)
  }

  async #describeAll(refs: readonly SecretRef[], call?: CallOptions): Promise<readonly Outcome<SecretState>[]> {
    this.#begin(call)
    if (refs.length > this.state.maxRefs)
      throw this.#error('invalid_request', `At most ${this.state.maxRefs} secrets at a time.`)
    const outcomes: Outcome<SecretState>[] = []
    for (const ref of refs) {
      outcomes.push(await this.#outcome(ref.id, () => this.#describe(ref, call)))
      this.#begin(call)
    }
    return outcomes
  }

  async #describe(ref: SecretRef, call?: CallOptions): Promise<SecretState> {
    const { path, state } = await this.#ask(ref, call, (folder) => folder.describe(ref.id))
    const version = fileVersion(state)
    this.#checkVersion(ref, version)
    return { id: path, versions: new Map([[version, ['current']]]), changedAtMs: Number(state.mtimeMs) }
  }

  async *#list(
    { prefix = '' }: { readonly prefix?: string },
    call?: CallOptions,
  ): AsyncGenerator<SecretState & { readonly name: string }> {
    const listed = new Set<string>()
    for (const folder of this.#roots)
      for await (const name of this.#idsIn(folder, call)) {
        if (!name.startsWith(prefix) || listed.has(name)) continue
        listed.add(name)
        const outcome = await this.#outcome(name, () => this.#describe({ id: name }, call))
        this.#begin(call)
        if (outcome.ok) yield { ...outcome.value, name }
      }
  }

  async *#idsIn(folder: FileRoot, call?: CallOptions): AsyncGenerator<string> {
    const ids = folder.ids()
    for (;;) {
      this.#begin(call)
      const next = await unlessAborted(call?.signal, () => this.#outcome(folder.path, () => ids.next()))
      if (!next.ok) throw next.error
      if (next.value.done) return
      yield next.value.value
    }
  }

  #begin(call: CallOptions | undefined): void {
    if (this.#closed) throw this.#error('closed', 'The file provider is closed.')
    call?.signal?.throwIfAborted()
  }

  #error(code: ErrorCode, message: string): SecretsError {
    return new SecretsError(code, message, { source: this.name })
  }
}

/**
 * Secrets from files, one each: Kubernetes' mounted secrets, `/run/secrets`, systemd's credentials. The id is the path
 * below the root. UTF-8 is text, anything else bytes. Nothing outside the root is read.
 * @throws SecretsError `config_invalid` without a root. `get`: `secret_not_found`, `version_not_found`,
 * `access_denied` (also for a link out of the root), `invalid_request` for a path that is not below the root,
 * `bad_response` for too large a file, `unsupported`, `source_misconfigured` (reason `no_root` where a root is not there, or
 * is no folder), `unavailable`, `closed`.
 */
export const fileProvider = (options: FileProviderOptions): SecretProvider => new FileProvider(options, true)

/**
 * The provider by settings: `FILE_ROOTS` as a path list, else systemd's `CREDENTIALS_DIRECTORY` and `/run/secrets`,
 * neither of which has to be there; `FILE_TRIM` as the option `trim`.
 */
export const fileFromSettings = (settings: ProviderSettings): SecretProvider => {
  const roots = setting(settings, 'FILE_ROOTS')
    ?.split(delimiter)
    .filter((root) => root !== '')
  const credentials = settings.env['CREDENTIALS_DIRECTORY']
  const trim = setting(settings, 'FILE_TRIM') ?? 'none'
  if (trim !== 'none' && trim !== 'final-newline')
    throw new SecretsError('config_invalid', 'FILE_TRIM: give "none" or "final-newline".')
  const usual = [...(credentials ? [credentials] : []), '/run/secrets']
  return new FileProvider({ roots: roots ?? usual, trim }, roots !== undefined)
}
