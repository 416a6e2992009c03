import { revealText, SecretsError, type SecretVersion, toSecretsError } from '@keyplane/core'
import { failureKind } from '../chain/failure-kind.ts'
import { isAbsence } from '../chain/reports.ts'
import type { SecretsManager } from '../secrets-manager.ts'
import type { Parsed } from '../standard-schema.ts'
import type { SecretType } from './secret-types.ts'

/** What a parser throws may quote the value. */
const unreadable = { ok: false as const, why: 'cannot be read as its type' }

/** One definition, and what its key was last read as. */
export class Slot {
  readonly name: string
  readonly #key: string
  readonly #type: SecretType<unknown>
  readonly #from: SecretsManager
  #version: SecretVersion | undefined
  #value: unknown
  /** The version that is being parsed: one parse is enough, however often the property is read meanwhile. */
  #parsing: SecretVersion | undefined
  #asking = false

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

  /** What the property gave last, for who only looks. */
  get last(): unknown {
    return this.#value
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

  /**
   * The value of this moment. Where the source gives none, or one that does not fit, the last one that did; a source that
   * was not asked of late is asked behind the caller's back.
   * @throws SecretsError `access_denied` or `unauthenticated` where the source refuses it by now.
   */
  current(): unknown {
    if (this.#from.closed) return this.#value
    const known = this.#from.recall({ id: this.#key })
    if (known === undefined) this.#askBehind()
    else if (known.ok && known.value.version !== this.#version) this.#renew(known.value.version, known.value.source)
    else if (!known.ok && failureKind[known.error.code] === 'denied') throw known.error
    return this.#value
  }

  #askBehind(): void {
    if (this.#asking) return
    this.#asking = true
    void this.#from
      .read({ id: this.#key })
      .catch(() => {})
      .then(() => {
        this.#asking = false
      })
  }

  #renew(version: SecretVersion, source: string): void {
    if (this.#parsing === version) return
    const result = this.#parse(version)
    const take = (parsed: Parsed<unknown>): void => {
      if (parsed.ok) this.#keep(version, parsed.value)
      else {
        this.#version = version
        this.#from.unusable(this.#key, source, parsed.why)
      }
    }
    if (!(result instanceof Promise)) return take(result)
    this.#parsing = version
    void result.then(take)
  }

  #keep(version: SecretVersion, value: unknown): void {
    this.#version = version
    this.#value = value
    this.#from.used(version)
  }

  #parse(version: SecretVersion): Parsed<unknown> | Promise<Parsed<unknown>> {
    try {
      const result = this.#type.parse(revealText(version.value))
      return result instanceof Promise ? result.catch(() => unreadable) : result
    } catch {
      return unreadable
    }
  }

  #misfit(why: string): SecretsError {
    return new SecretsError('config_invalid', `The secret ${JSON.stringify(this.#key)} ${why}.`)
  }
}
