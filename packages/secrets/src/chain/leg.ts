import { type SecretProvider, SecretsError, toSecretsError } from '@keyplane/core'
import { type LegOptions, type OpenLeg, openLeg } from './open-leg.ts'

/** One source in the chain. A source chosen by name is loaded at its first use, so that what is not used costs nothing. */
export class Leg {
  readonly name: string
  readonly #source: SecretProvider | (() => Promise<SecretProvider>)
  readonly #options: LegOptions
  #opening: Promise<OpenLeg> | undefined
  #closed = false
  /** What is open already, for readers that cannot wait. */
  ready: OpenLeg | undefined
  /** Why it could not be opened at the last attempt. */
  refusal: SecretsError | undefined

  constructor(name: string, source: SecretProvider | (() => Promise<SecretProvider>), options: LegOptions) {
    this.name = name
    this.#source = source
    this.#options = options
    if (typeof source !== 'function') this.ready = openLeg(source, options)
  }

  /** Ends what the source holds open; one that is still being loaded ends when it is there. */
  async close(): Promise<void> {
    this.#closed = true
    const leg = this.ready ?? (await this.#opening?.catch(() => undefined))
    await leg?.close()
  }

  /** @throws SecretsError `closed`, or whatever loading the source throws; the next call tries again. */
  async open(): Promise<OpenLeg> {
    if (this.#closed) throw new SecretsError('closed', `The source ${this.name} is closed.`, { source: this.name })
    if (this.ready) return this.ready
    const source = this.#source as () => Promise<SecretProvider>
    this.#opening ??= source().then((provider) => {
      this.ready = openLeg(provider, this.#options)
      return this.ready
    })
    try {
      return await this.#opening
    } catch (thrown) {
      this.refusal = toSecretsError(thrown)
      throw thrown
    } finally {
      this.#opening = undefined
    }
  }
}
