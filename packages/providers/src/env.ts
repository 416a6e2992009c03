import { join } from 'node:path'
import {
  type CallOptions,
  type Clock,
  type SecretLister,
  type SecretProvider,
  type SecretRef,
  SecretsError,
  type SecretState,
  type SecretVersion,
  systemClock,
  TextValue,
} from '@keyplane/core'
import { EnvFile, type MalformedLine } from './env-file.ts'
import { type ProviderSettings, setting } from './provider-settings.ts'

export interface EnvProviderOptions {
  /** The environment, read live and never written to: `process.env`. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where the files are. Default: the working directory. */
  readonly folder?: string
  /** dotenv files; of two that have a key the earlier wins. Default: `['.env']`; `[]` for none. */
  readonly files?: readonly string[]
  /** The environment's name (`staging`): each file's `.env.staging` is read before it. Default: none. */
  readonly name?: string
  /** Told once per state of a file of each line that is no entry, without its content. Default: nobody is told. */
  readonly onMalformed?: (report: MalformedLine) => void
  /** Default: the machine's. */
  readonly clock?: Clock
}

type Listed = SecretState & { readonly name: string }

const noVersions: SecretState['versions'] = new Map()

const filesOf = ({ folder = '.', files = ['.env'], name }: EnvProviderOptions): readonly string[] => {
  if (name !== undefined && !/^[\w-][\w.-]*$/.test(name))
    throw new SecretsError(
      'config_invalid',
      `name: ${JSON.stringify(name)} is no name of an environment; use letters, digits, "_", "-" and ".".`,
    )
  return files
    .flatMap((file) => (name === undefined ? [file] : [`${file}.${name}`, file]))
    .map((file) => join(folder, file))
}

/** The names of a moment, for who waits and for who does not. */
class EnvList implements AsyncIterable<Listed>, Iterable<Listed> {
  readonly #names: () => Iterable<string>
  readonly #beforeEach: () => void

  constructor(names: () => Iterable<string>, beforeEach: () => void) {
    this.#names = names
    this.#beforeEach = beforeEach
  }

  *[Symbol.iterator](): Generator<Listed> {
    for (const name of this.#names()) {
      this.#beforeEach()
      yield { id: name, name, versions: noVersions }
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Listed> {
    yield* this[Symbol.iterator]()
  }
}

class EnvProvider implements SecretProvider {
  readonly name = 'env'
  readonly local = true
  readonly list: SecretLister
  readonly #env: EnvProviderOptions['env']
  readonly #files: readonly EnvFile[]
  #closed = false

  constructor(options: EnvProviderOptions) {
    const { env, clock = systemClock, onMalformed = () => {} } = options
    this.#env = env
    this.#files = filesOf(options).map((path) => new EnvFile(path, clock, onMalformed))
    this.list = { list: (query, call) => this.#list(query, call) }
  }

  async get(ref: SecretRef, call?: CallOptions): Promise<SecretVersion> {
    call?.signal?.throwIfAborted()
    const version = this.getSync(ref)
    if (version) return version
    throw this.#error('secret_not_found', `${JSON.stringify(ref.id)} is neither in the environment nor in its files.`)
  }

  getSync(ref: SecretRef): SecretVersion | undefined {
    if (this.#closed) throw this.#closedError()
    if (ref.as !== undefined) throw this.#error('unsupported', 'The environment has no identities to assume.')
    const text = this.#fromEnv(ref.id) ?? this.#fromFiles(ref.id)
    if (text === undefined) return undefined
    if (ref.version !== undefined || (ref.stage !== undefined && ref.stage !== 'current'))
      throw this.#error('version_not_found', `${JSON.stringify(ref.id)}: the environment has current values only.`)
    return Object.freeze({ id: ref.id, name: ref.id, value: new TextValue(text) })
  }

  refresh(): void {
    if (this.#closed) throw this.#closedError()
    for (const file of this.#files) file.forget()
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const file of this.#files) file.forget()
  }

  /** `process.env` cuts a name at NUL, and would give another variable. */
  #fromEnv(key: string): string | undefined {
    if (key.includes('\0')) return undefined
    return Object.hasOwn(this.#env, key) ? this.#env[key] : undefined
  }

  #fromFiles(key: string): string | undefined {
    for (const file of this.#files) {
      const text = file.entries().get(key)
      if (text !== undefined) return text
    }
    return undefined
  }

  #names(prefix: string): Set<string> {
    const names = new Set<string>()
    for (const key of Object.keys(this.#env)) if (key.startsWith(prefix) && this.#env[key] !== undefined) names.add(key)
    for (const file of this.#files) for (const key of file.entries().keys()) if (key.startsWith(prefix)) names.add(key)
    return names
  }

  #list({ prefix = '' }: { readonly prefix?: string }, call?: CallOptions): EnvList {
    const begin = (): void => this.#begin(call)
    return new EnvList(() => {
      begin()
      return this.#names(prefix)
    }, begin)
  }

  #begin(call: CallOptions | undefined): void {
    if (this.#closed) throw this.#closedError()
    call?.signal?.throwIfAborted()
  }

  #closedError(): SecretsError {
    return this.#error('closed', 'The env provider is closed.')
  }

  #error(code: 'closed' | 'unsupported' | 'secret_not_found' | 'version_not_found', message: string): SecretsError {
    return new SecretsError(code, message, { source: this.name })
  }
}

/**
 * Secrets from the environment and from dotenv files: `env` wins over `.env.<name>`, that over `.env`. A missing file is
 * fine; one that changed is read again at the next look-up.
 * @throws SecretsError `config_invalid` for a name that is none. `get`: `secret_not_found`, `version_not_found`,
 * `access_denied` for a file that may not be read, `source_misconfigured`, `unavailable`, `unsupported`, `closed`.
 */
export const envProvider = (options: EnvProviderOptions): SecretProvider => new EnvProvider(options)

/** The provider by settings: `ENV_NAME` names the environment, `ENV_FOLDER` the folder of its files. */
export const envFromSettings = (settings: ProviderSettings): SecretProvider => {
  const [name, folder] = [setting(settings, 'ENV_NAME'), setting(settings, 'ENV_FOLDER')]
  const { env, clock, onProblem } = settings
  return envProvider({
    env,
    clock,
    ...(onProblem && {
      onMalformed: ({ file, line }) => onProblem(`${file}:${line} is no entry and was passed over.`),
    }),
    ...(name === undefined ? {} : { name }),
    ...(folder === undefined ? {} : { folder }),
  })
}
