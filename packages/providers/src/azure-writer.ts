import {
  type CallOptions,
  type PutOptions,
  type SecretRef,
  SecretsError,
  type SecretValue,
  type SecretVersion,
  type SecretWriter,
} from '@keyplane/core'
import { storedValue, versionOfSecret } from './azure-answers.ts'
import type { AzureCallOptions, AzureSecretsClient } from './azure-client.ts'
import { WriteLedger } from './write-ledger.ts'

export interface AzureAskOptions {
  /** What no error may tell. */
  readonly hidden?: readonly string[]
  /** For a call without a deadline. Default 30 s. */
  readonly limitMs?: number
}

export interface AzureWriterParts {
  /** Calls the client within the call's limits; its failures are ours. */
  readonly ask: <T>(
    call: CallOptions | undefined,
    act: (client: AzureSecretsClient, options: AzureCallOptions) => Promise<T>,
    options?: AzureAskOptions,
  ) => Promise<T>
  /** The secret's name in the vault. */
  readonly nameOf: (id: string) => string
  readonly read: (ref: SecretRef, call?: CallOptions) => Promise<SecretVersion>
}

const refuse = (code: 'unsupported' | 'conflict', name: string, what: string): SecretsError =>
  new SecretsError(code, `${JSON.stringify(name)}: ${what}.`, { source: 'azure' })

class AzureWriter implements SecretWriter {
  readonly #parts: AzureWriterParts
  readonly #ledger: WriteLedger

  constructor(parts: AzureWriterParts) {
    this.#parts = parts
    this.#ledger = new WriteLedger('azure', parts.read)
  }

  async put(ref: SecretRef, value: SecretValue, options: PutOptions, call?: CallOptions): Promise<SecretVersion> {
    const { idempotencyKey, ifVersion, stages = ['current'] } = options
    const name = this.#parts.nameOf(ref.id)
    if (stages.length !== 1 || stages[0] !== 'current')
      throw refuse('unsupported', name, 'a version that is written is current: Key Vault gives it no other stage')
    const earlier = await this.#ledger.earlier(name, idempotencyKey, value)
    if (earlier) return earlier
    if (ifVersion !== undefined) await this.#expect(name, ifVersion, call)
    const { text, facts } = storedValue(value)
    const hidden = [text, ...(value.kind === 'text' ? [JSON.stringify(text).slice(1, -1)] : [])]
    const written = await this.#parts.ask(
      call,
      (client, limits) => client.setSecret(name, text, { ...limits, ...facts }),
      { hidden },
    )
    const { value: _, ...version } = versionOfSecret(
      { ...written, value: text, properties: { ...written.properties, tags: {} } },
      ['current'],
    )
    this.#ledger.note(name, idempotencyKey, version.version ?? '')
    return Object.freeze({ ...version, value })
  }

  async remove(id: string, options: { readonly recoverableForMs: number }, call?: CallOptions): Promise<void> {
    const name = this.#parts.nameOf(id)
    const poller = await this.#parts.ask(call, (client, limits) => client.beginDeleteSecret(name, limits))
    if (options.recoverableForMs > 0) return
    // A vault deletes in its own time, and only what is deleted can be purged.
    await this.#parts.ask(call, () => poller.pollUntilDone(), { limitMs: Infinity })
    await this.#parts.ask(call, (client, limits) => client.purgeDeletedSecret(name, limits))
  }

  /** Key Vault compares nothing itself, so a write of somebody else's may still come between. */
  async #expect(name: string, wanted: string | null, call?: CallOptions): Promise<void> {
    const current = await this.#parts.read({ id: name }, call).catch((thrown: unknown) => {
      if (wanted === null && thrown instanceof SecretsError && thrown.code === 'secret_not_found') return undefined
      throw thrown
    })
    if (wanted === null && current) throw refuse('conflict', name, 'the secret is there already')
    if (wanted !== null && current?.version !== wanted)
      throw refuse('conflict', name, 'another version is current; read it and try again')
  }
}

/** Writes to Key Vault: SetSecret, DeleteSecret, and PurgeDeletedSecret where nothing is to be recovered. */
export const azureWriter = (parts: AzureWriterParts): SecretWriter => new AzureWriter(parts)
