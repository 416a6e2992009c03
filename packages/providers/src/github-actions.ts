import {
  type CallOptions,
  type ErrorCode,
  type SecretLister,
  type SecretProvider,
  type SecretRef,
  SecretsError,
  type SecretState,
  type SecretVersion,
  TextValue,
} from '@keyplane/core'
import { maskCommands } from './github-mask.ts'
import type { ProviderSettings } from './provider-settings.ts'

export interface GithubActionsProviderOptions {
  /** The job's environment, read live and never written to: `process.env`. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Takes the commands that make the runner mask a value, each with its line end. Default: nothing is masked. */
  readonly writeCommand?: (commands: string) => void
}

const noVersions: SecretState['versions'] = new Map()

/**
 * What the runner sets by itself; `GITHUB_TOKEN` only ever comes from the workflow.
 * @see https://docs.github.com/en/actions/reference/workflows-and-actions/variables
 */
const isOwn = (name: string): boolean =>
  name === 'CI' || (/^(?:GITHUB|RUNNER|ACTIONS)_/.test(name) && name !== 'GITHUB_TOKEN')

/** The runner's own variables are no secrets, and their values (`true`, a folder) stand all over the log. */
const isMasked = (name: string): boolean => !isOwn(name) || name.endsWith('_TOKEN')

class GithubActionsProvider implements SecretProvider {
  readonly name = 'github-actions'
  readonly local = true
  readonly list: SecretLister
  readonly #env: GithubActionsProviderOptions['env']
  readonly #writeCommand: (commands: string) => void
  /** The values that the runner was told, by variable, to tell it each once. They stand in the environment anyway. */
  readonly #told = new Map<string, string>()
  #closed = false

  constructor({ env, writeCommand = () => {} }: GithubActionsProviderOptions) {
    this.#env = env
    this.#writeCommand = writeCommand
    this.list = { list: (query, call) => this.#list(query, call) }
  }

  async get(ref: SecretRef, call?: CallOptions): Promise<SecretVersion> {
    call?.signal?.throwIfAborted()
    const version = this.getSync(ref)
    if (version) return version
    throw this.#error('secret_not_found', `${JSON.stringify(ref.id)} is not in the job's environment, or is empty.`)
  }

  /** What `get` gives, at once; nothing where there is no such secret. */
  getSync(ref: SecretRef): SecretVersion | undefined {
    if (this.#closed) throw this.#error('closed', 'The github-actions provider is closed.')
    if (ref.as !== undefined) throw this.#error('unsupported', 'A job has no identities to assume.')
    const text = this.#read(ref.id)
    if (text === undefined) return undefined
    if (ref.version !== undefined || (ref.stage !== undefined && ref.stage !== 'current'))
      throw this.#error('version_not_found', `${JSON.stringify(ref.id)}: a job has current values only.`)
    this.#mask(ref.id, text)
    return Object.freeze({ id: ref.id, name: ref.id, value: new TextValue(text) })
  }

  /** Tells the runner of every value anew. */
  async refresh(): Promise<void> {
    this.#told.clear()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#told.clear()
  }

  /** GitHub puts an empty text in place of a secret that is not set; `process.env` cuts a name at NUL. */
  #read(name: string): string | undefined {
    if (name.includes('\0')) return undefined
    return (Object.hasOwn(this.#env, name) && this.#env[name]) || undefined
  }

  #mask(name: string, text: string): void {
    if (!isMasked(name) || this.#told.get(name) === text) return
    this.#told.set(name, text)
    const commands = maskCommands(text)
    if (commands !== '') this.#writeCommand(commands)
  }

  async *#list(
    { prefix = '' }: { readonly prefix?: string },
    call?: CallOptions,
  ): AsyncGenerator<SecretState & { readonly name: string }> {
    for (const name of Object.keys(this.#env)) {
      if (this.#closed) throw this.#error('closed', 'The github-actions provider is closed.')
      call?.signal?.throwIfAborted()
      if (name.startsWith(prefix) && !isOwn(name) && this.#read(name) !== undefined)
        yield { id: name, name, versions: noVersions }
    }
  }

  #error(code: ErrorCode, message: string): SecretsError {
    return new SecretsError(code, message, { source: this.name })
  }
}

/**
 * The secrets that a workflow maps into its job's environment. An empty one is absent. What is read is told to the runner,
 * which masks it in the log.
 */
export const githubActionsProvider = (options: GithubActionsProviderOptions): SecretProvider =>
  new GithubActionsProvider(options)

/** The provider by settings: commands go to stdout where GITHUB_ACTIONS says that a runner reads it. */
export const githubActionsFromSettings = async ({ env }: ProviderSettings): Promise<SecretProvider> =>
  githubActionsProvider({
    env,
    ...(env['GITHUB_ACTIONS'] === 'true' && { writeCommand: (commands) => void process.stdout.write(commands) }),
  })
