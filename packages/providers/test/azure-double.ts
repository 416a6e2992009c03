import type { SecretValue } from '@keyplane/core'
import { storedValue } from '../src/azure-answers.ts'
import type { AzureCallOptions, AzureSecret, AzureSecretProperties, AzureSecretsClient } from '../src/azure-client.ts'

interface Kept {
  readonly version: string
  readonly text: string
  readonly tags?: { [name: string]: string }
  readonly createdOn: Date
  enabled: boolean
}

/** An error as Azure's SDK throws it. */
export class RestError extends Error {
  override name = 'RestError'
  readonly code: string
  readonly statusCode?: number
  constructor(statusCode: number | undefined, code: string, message: string) {
    super(message)
    this.code = code
    if (statusCode !== undefined) this.statusCode = statusCode
  }
}

export const vaultUrl = 'https://mine.vault.azure.net'

const absent = (name: string): RestError =>
  new RestError(
    404,
    'SecretNotFound',
    `A secret with (name/id) ${name} was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182`,
  )

/** As much of a vault as the azure provider asks of its SDK. A name that holds `DENIED` is refused. */
export class AzureDouble implements AzureSecretsClient {
  readonly #secrets = new Map<string, Kept[]>()
  readonly #deleted = new Set<string>()
  readonly options: AzureCallOptions[] = []
  readonly calls: string[] = []
  fault: Error | undefined
  babbles = false
  /** It takes reads and answers none. */
  hangs = false
  /** How much later each version is made than the one before. */
  stepMs = 1_000

  add(name: string, value: SecretValue): void {
    const { text, facts } = storedValue(value)
    this.#keep(name, text, facts.tags)
  }

  disable(name: string, index: number): void {
    const kept = this.#secrets.get(name)?.[index]
    if (kept) kept.enabled = false
  }

  versionAt(name: string, index: number): string {
    return this.#secrets.get(name)?.[index]?.version ?? ''
  }

  async getSecret(name: string, options: AzureCallOptions & { readonly version?: string }): Promise<AzureSecret> {
    this.#note('getSecret', name, options)
    if (this.hangs) return new Promise(() => {})
    const versions = this.#secrets.get(name) ?? []
    const kept =
      options.version === undefined ? versions.at(-1) : versions.find(({ version }) => version === options.version)
    if (!kept) throw absent(options.version === undefined ? name : `${name}/${options.version}`)
    if (!kept.enabled) throw new RestError(403, 'Forbidden', 'Operation get is not allowed on a disabled secret.')
    return { name, ...(this.babbles ? {} : { value: kept.text }), properties: this.#told(name, kept) }
  }

  async setSecret(
    name: string,
    value: string,
    options: AzureCallOptions & { tags?: { [name: string]: string } },
  ): Promise<AzureSecret> {
    this.#note('setSecret', name, options)
    if (this.#deleted.has(name))
      throw new RestError(
        409,
        'Conflict',
        `Secret ${name} is currently in a deleted but recoverable state … (ObjectIsDeletedButRecoverable)`,
      )
    if (value.startsWith('WRONG')) throw new RestError(400, 'BadParameter', `The value ${value} is wrong.`)
    const kept = this.#keep(name, value, options.tags)
    return { name, value, properties: this.#told(name, kept) }
  }

  async *listPropertiesOfSecrets(options: AzureCallOptions): AsyncGenerator<AzureSecretProperties> {
    this.#note('listPropertiesOfSecrets', '', options)
    for (const [name, versions] of this.#secrets) {
      const { version: _, ...facts } = this.#told(name, versions.at(-1) as Kept)
      yield facts
    }
  }

  async *listPropertiesOfSecretVersions(
    name: string,
    options: AzureCallOptions,
  ): AsyncGenerator<AzureSecretProperties> {
    this.#note('listPropertiesOfSecretVersions', name, options)
    for (const kept of this.#secrets.get(name) ?? []) yield this.#told(name, kept)
  }

  async beginDeleteSecret(name: string, options: AzureCallOptions): Promise<{ pollUntilDone(): Promise<unknown> }> {
    this.#note('beginDeleteSecret', name, options)
    if (!this.#secrets.delete(name)) throw absent(name)
    this.#deleted.add(name)
    return { pollUntilDone: async () => this.calls.push('pollUntilDone') }
  }

  async purgeDeletedSecret(name: string, options: AzureCallOptions): Promise<void> {
    this.#note('purgeDeletedSecret', name, options)
    this.#deleted.delete(name)
  }

  #note(call: string, name: string, options: AzureCallOptions): void {
    this.calls.push(call)
    this.options.push(options)
    if (this.fault) throw this.fault
    if (name.includes('DENIED'))
      throw new RestError(
        403,
        'Forbidden',
        'The user, group or application does not have secrets get permission on key vault.',
      )
  }

  #keep(name: string, text: string, tags?: { [name: string]: string }): Kept {
    const versions = this.#secrets.get(name) ?? []
    const createdOn = new Date(1_569_534_789_000 + versions.length * this.stepMs)
    const version = (this.#secrets.size * 1_000 + versions.length + 1).toString(16).padStart(32, '0')
    const kept: Kept = { version, text, createdOn, enabled: true, ...(tags ? { tags } : {}) }
    this.#secrets.set(name, [...versions, kept])
    return kept
  }

  #told(name: string, { version, createdOn, enabled, tags }: Kept): AzureSecretProperties {
    return { name, vaultUrl, version, createdOn, updatedOn: createdOn, enabled, ...(tags ? { tags } : {}) }
  }
}
