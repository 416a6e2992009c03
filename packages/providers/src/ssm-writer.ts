import type { AwsCallOptions, AwsJsonClient, ParameterStoreOperations } from '@keyplane/aws'
import {
  type CallOptions,
  type PutOptions,
  type SecretRef,
  SecretsError,
  type SecretValue,
  type SecretVersion,
  type SecretWriter,
} from '@keyplane/core'
import { numberOf, parameterOf, versionOfParameter } from './ssm-answers.ts'
import { checkedParameterName } from './ssm-selector.ts'
import { WriteLedger } from './write-ledger.ts'

export interface SsmWriterParts {
  readonly client: Pick<AwsJsonClient<ParameterStoreOperations>, 'call'>
  /** Refuses after `close`, and gives what is left of the call's time. */
  readonly begin: (call: CallOptions | undefined) => AwsCallOptions
  readonly read: (ref: SecretRef) => Promise<SecretVersion>
  readonly kmsKeyId: string | undefined
}

const unsupported = (id: string, what: string): SecretsError =>
  new SecretsError('unsupported', `${JSON.stringify(id)}: ${what}.`, { source: 'ssm' })

const checkedText = (id: string, value: SecretValue): string => {
  if (value.kind === 'bytes') throw unsupported(id, 'Parameter Store keeps text only, no bytes')
  const text = value.reveal()
  if (text === '') throw unsupported(id, 'Parameter Store keeps no empty value')
  return text
}

class SsmWriter implements SecretWriter {
  readonly #parts: SsmWriterParts
  readonly #ledger: WriteLedger

  constructor(parts: SsmWriterParts) {
    this.#parts = parts
    this.#ledger = new WriteLedger('ssm', parts.read)
  }

  async put(ref: SecretRef, value: SecretValue, options: PutOptions, call?: CallOptions): Promise<SecretVersion> {
    const { client, begin, kmsKeyId } = this.#parts
    const { idempotencyKey, ifVersion, stages = ['current'] } = options
    begin(call)
    const [name, text] = [checkedParameterName(ref.id), checkedText(ref.id, value)]
    if (typeof ifVersion === 'string') throw unsupported(name, 'Parameter Store compares no version before it writes')
    if (stages.length !== 1 || stages[0] !== 'current')
      throw unsupported(name, 'a version that is written is current: Parameter Store gives it no other stage')
    const earlier = await this.#ledger.earlier(name, idempotencyKey, value)
    if (earlier) return earlier
    const input = {
      Name: name,
      Value: text,
      Type: 'SecureString' as const,
      Overwrite: ifVersion === undefined,
      ...(kmsKeyId === undefined ? {} : { KeyId: kmsKeyId }),
    }
    const version = String(numberOf(await client.call('PutParameter', input, begin(call))))
    this.#ledger.note(name, idempotencyKey, version)
    return this.#written(name, version, value, call)
  }

  async remove(id: string, options: { readonly recoverableForMs: number }, call?: CallOptions): Promise<void> {
    const { client, begin } = this.#parts
    const [limits, name] = [begin(call), checkedParameterName(id)]
    if (options.recoverableForMs > 0)
      throw unsupported(name, 'Parameter Store deletes for good: nothing can be recovered later')
    await client.call('DeleteParameter', { Name: name }, limits)
  }

  /** PutParameter answers no ARN, which is what reads know the parameter by. The write is done, whatever comes of this. */
  async #written(name: string, version: string, value: SecretValue, call?: CallOptions): Promise<SecretVersion> {
    const { client, begin } = this.#parts
    const stages = Object.freeze(['current'] as const)
    try {
      const answer = await client.call('GetParameter', { Name: `${name}:${version}` }, begin(call))
      return Object.freeze({ ...versionOfParameter(parameterOf(answer.Parameter), stages), value })
    } catch {
      return Object.freeze({ id: name, name, version, stages, value })
    }
  }
}

/** Writes to Parameter Store: PutParameter as SecureString, DeleteParameter. What it cannot do is `unsupported`. */
export const ssmWriter = (parts: SsmWriterParts): SecretWriter => new SsmWriter(parts)
