import {
  type CallOptions,
  type PutOptions,
  type SecretRef,
  SecretsError,
  type SecretValue,
  type SecretVersion,
  type SecretWriter,
} from '@keyplane/core'
import { encodeBase64 } from '@keyplane/protocol'
import { crc32c } from './crc32c.ts'
import { momentOf, partsOfVersion } from './gcp-answers.ts'
import type { GcpCallOptions, GcpSecretsClient, GcpSecretVersion } from './gcp-client.ts'
import { WriteLedger } from './write-ledger.ts'

export interface GcpWriterParts {
  /** Calls the client within the call's limits; its failures are ours, without the hidden texts. */
  readonly ask: <T>(
    call: CallOptions | undefined,
    act: (client: GcpSecretsClient, options: GcpCallOptions) => Promise<T>,
    hidden?: readonly string[],
  ) => Promise<T>
  /** The resource name of a secret, `projects/…/secrets/…`. */
  readonly resource: (id: string, call?: CallOptions) => Promise<string>
  readonly read: (ref: SecretRef, call?: CallOptions) => Promise<SecretVersion>
}

const refuse = (code: 'unsupported' | 'conflict', id: string, what: string): SecretsError =>
  new SecretsError(code, `${JSON.stringify(id)}: ${what}.`, { source: 'gcp' })

const bytesOf = (value: SecretValue): Uint8Array =>
  value.kind === 'text' ? new TextEncoder().encode(value.reveal()) : value.reveal()

const isAbsent = (thrown: unknown): boolean => thrown instanceof SecretsError && thrown.code === 'secret_not_found'

class GcpWriter implements SecretWriter {
  readonly #parts: GcpWriterParts
  readonly #ledger: WriteLedger

  constructor(parts: GcpWriterParts) {
    this.#parts = parts
    this.#ledger = new WriteLedger('gcp', parts.read)
  }

  async put(ref: SecretRef, value: SecretValue, options: PutOptions, call?: CallOptions): Promise<SecretVersion> {
    const { idempotencyKey, ifVersion, stages = ['current'] } = options
    const resource = await this.#parts.resource(ref.id, call)
    if (stages.length !== 1 || stages[0] !== 'current')
      throw refuse('unsupported', ref.id, 'a version that is written is current: Google gives it no other stage')
    const earlier = await this.#ledger.earlier(resource, idempotencyKey, value)
    if (earlier) return earlier
    if (ifVersion === null) await this.#create(resource, call)
    else if (ifVersion !== undefined && (await this.#parts.read({ id: resource }, call)).version !== ifVersion)
      throw refuse('conflict', ref.id, 'another version is current; read it and try again')
    const added = await this.#add(resource, value, ifVersion === undefined, call)
    const { id, name, version } = partsOfVersion(added.name)
    const createdAtMs = momentOf(added.createTime)
    this.#ledger.note(resource, idempotencyKey, version)
    const stage = Object.freeze(['current'] as const)
    return Object.freeze({
      id,
      name,
      version,
      stages: stage,
      ...(createdAtMs === undefined ? {} : { createdAtMs }),
      value,
    })
  }

  async remove(id: string, options: { readonly recoverableForMs: number }, call?: CallOptions): Promise<void> {
    const name = await this.#parts.resource(id, call)
    if (options.recoverableForMs > 0)
      throw refuse('unsupported', id, 'Google deletes a secret for good: nothing can be recovered later')
    await this.#parts.ask(call, (client, settings) => client.deleteSecret({ name }, settings))
  }

  async #add(parent: string, value: SecretValue, mayCreate: boolean, call?: CallOptions): Promise<GcpSecretVersion> {
    const data = bytesOf(value)
    const payload = { data, dataCrc32c: String(crc32c(data)) }
    const hidden = [encodeBase64(data), ...(value.kind === 'text' ? [value.reveal()] : [])]
    try {
      const answer = await this.#parts.ask(
        call,
        (client, settings) => client.addSecretVersion({ parent, payload }, settings),
        hidden,
      )
      return answer[0]
    } catch (thrown) {
      if (!mayCreate || !isAbsent(thrown)) throw thrown
      await this.#create(parent, call)
      return this.#add(parent, value, false, call)
    }
  }

  async #create(resource: string, call?: CallOptions): Promise<void> {
    const [, parent = '', secretId = ''] = /^(.+)\/secrets\/([^/]+)$/.exec(resource) ?? []
    const secret = { replication: { automatic: {} } }
    await this.#parts.ask(call, (client, settings) => client.createSecret({ parent, secretId, secret }, settings))
  }
}

/** Writes to Google's Secret Manager: AddSecretVersion, CreateSecret where there is no such secret yet, DeleteSecret. */
export const gcpWriter = (parts: GcpWriterParts): SecretWriter => new GcpWriter(parts)
