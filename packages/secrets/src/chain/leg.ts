import { type SecretProvider, SecretsError, toSecretsError } from '@keyplane/core'
import { type LegOptions, type OpenLeg, openLeg } from './open-leg.ts'

/** One source in the chain. A source chosen by name is loaded at its first use, so that what is not used costs nothing. */
export class Leg {
  readonly name: string
  readonly #source: SecretProvider | (() => Promise<SecretProvider>)
  readonly #options: LegOptions
  #opening: Promise<OpenLeg> | undefined
  #closed = false
  #ending: Promise<void> | undefined
  #open: OpenLeg | undefined
  /** Why it could not be opened at the last attempt. */
  refusal: SecretsError | undefined

  constructor(name: string, source: SecretProvider | (() => Promise<SecretProvider>), options: LegOptions) {
    this.name = name
    this.#source = source
    this.#options = options
  }

  /** What can be had without waiting: everything but a source that is still to be loaded. */
  get ready(): OpenLeg | undefined {
    if (this.#closed) return undefined
    if (this.#open) return this.#open
    if (typeof this.#source !== 'function') this.#open = openLeg(this.#source, this.#options)
    return this.#open
  }

  /** Ends what the source holds open; one that is still being loaded ends when it is there. */
  close(): Promise<void> {
    this.#ending ??= this.#end()
    return this.#ending
  }

  async #end(): Promise<void> {
    // A source that was given and never asked is ended too.
    const { ready } = this
    this.#closed = true
    const leg = ready ?? (await this.#opening?.catch(() => undefined))
    await leg?.close()
  }

  /** @throws SecretsError `closed`, or whatever loading the source throws; the next call tries again. */
  async open(): Promise<OpenLeg> {
    if (this.#closed) throw new SecretsError('closed', `The source ${this.name} is closed.`, { source: this.name })
    const { ready } = this
    if (ready) return ready
    const source = this.#source as () => Promise<SecretProvider>
    this.#opening ??= source().then((provider) => {
      this.#open = openLeg(provider, this.#options)
      return this.#open
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
