import { revealText, SecretsError, type SecretVersion, toSecretsError } from '@keyplane/core'
import { isAbsence } from '../chain/reports.ts'
import type { SecretsManager } from '../secrets-manager.ts'
import type { Parsed } from '../standard-schema.ts'
import type { SecretType } from './secret-types.ts'

/** One definition, and what its key was last read as. */
export class Slot {
  readonly name: string
  readonly #key: string
  readonly #type: SecretType<unknown>
  readonly #from: SecretsManager
  #version: SecretVersion | undefined
  #value: unknown

  constructor(name: string, type: SecretType<unknown>, from: SecretsManager) {
    this.name = name
    this.#key = type.options.key ?? name
    this.#type = type
    this.#from = from
    if (type.options.secret === false) from.notSecret(this.#key)
  }

  get isSecret(): boolean {
    return this.#type.options.secret !== false
  }

  /** Reads the key for the first time. @throws SecretsError that says why there is no value of this type. */
  async load(signal: AbortSignal | undefined): Promise<void> {
    try {
      const { version } = await this.#from.read({ id: this.#key }, { required: true, ...(signal && { signal }) })
      const result = await this.#parse(version)
      if (!result.ok) throw this.#misfit(result.why)
      this.#keep(version, result.value)
    } catch (thrown) {
      signal?.throwIfAborted()
      const error = toSecretsError(thrown)
      const { optional, default: fallback } = this.#type.options
      if (!isAbsence(error) || (!optional && fallback === undefined)) throw error
      this.#value = fallback
    }
  }

  /** The value of this moment. Where the source gives none, or one that does not fit, the last one that did. */
  current(): unknown {
    const known = this.#from.recall({ id: this.#key })
    if (known?.ok && known.value.version !== this.#version) this.#renew(known.value.version, known.value.source)
    return this.#value
  }

  #renew(version: SecretVersion, source: string): void {
    const result = this.#parse(version)
    const take = (parsed: Parsed<unknown>): void => {
      if (parsed.ok) this.#keep(version, parsed.value)
      else {
        this.#version = version
        this.#from.unusable(this.#key, source, parsed.why)
      }
    }
    if (result instanceof Promise) void result.then(take)
    else take(result)
  }

  #keep(version: SecretVersion, value: unknown): void {
    this.#version = version
    this.#value = value
  }

  #parse(version: SecretVersion): Parsed<unknown> | Promise<Parsed<unknown>> {
    try {
      return this.#type.parse(revealText(version.value))
    } catch {
      // What a parser throws may quote the value.
      return { ok: false, why: 'cannot be read as its type' }
    }
  }

  #misfit(why: string): SecretsError {
    return new SecretsError('config_invalid', `The secret ${JSON.stringify(this.#key)} ${why}.`)
  }
}
