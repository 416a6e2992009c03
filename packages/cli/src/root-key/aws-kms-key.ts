import { type AwsClientOptions, awsCredentials, awsJsonClient } from '@keyplane/aws'
import { type Clock, SecretsError } from '@keyplane/core'
import { type KeyService, keyServiceRootKey, type RootKeySource } from '@keyplane/sealing'
import type { Context } from '../context.ts'

/** AWS KMS's operations, as far as a root key takes them. */
interface KmsOperations {
  readonly Encrypt: {
    readonly input: { readonly KeyId: string; readonly Plaintext: string; readonly EncryptionContext: KmsContext }
    readonly output: { readonly CiphertextBlob?: string }
  }
  readonly Decrypt: {
    readonly input: { readonly KeyId: string; readonly CiphertextBlob: string; readonly EncryptionContext: KmsContext }
    readonly output: { readonly Plaintext?: string }
  }
}

type KmsContext = Readonly<Record<string, string>>

export interface AwsKmsRootKeyOptions {
  readonly keyArn: string
  readonly env: Context['env']
  readonly clock: Clock
}

/** What KMS says of a blob that it cannot open. @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html */
const doesNotOpen: readonly string[] = ['InvalidCiphertextException', 'IncorrectKeyException']

/** A root key in AWS KMS; credentials and endpoint are those of AWS's own variables. */
export const awsKmsRootKey = (options: AwsKmsRootKeyOptions): RootKeySource =>
  keyServiceRootKey({ name: 'aws-kms', service: awsKmsKey(options) })

const awsKmsKey = ({ keyArn, env, clock }: AwsKmsRootKeyOptions): KeyService => {
  const [, , , region = ''] = keyArn.split(':')
  const endpoint = env['AWS_ENDPOINT_URL_KMS'] ?? env['AWS_ENDPOINT_URL']
  const client = (): ReturnType<typeof awsJsonClient<KmsOperations>> => {
    const common: AwsClientOptions = {
      region,
      credentials: awsCredentials(env, { region, clock }),
      clock,
      source: 'aws-kms',
    }
    return awsJsonClient<KmsOperations>({
      ...common,
      ...(endpoint !== undefined && { endpoint }),
      service: 'kms',
      targetPrefix: 'TrentService',
    })
  }
  /** Calls are few: one for each key of a region, and none is kept open for the next. */
  const call = async <T>(act: (kms: ReturnType<typeof client>) => Promise<T>): Promise<T> => {
    const kms = client()
    try {
      return await act(kms)
    } finally {
      kms.close()
    }
  }
  return {
    keyName: keyArn,
    encrypt: async (plain, context) => {
      const input = { KeyId: keyArn, Plaintext: base64(plain), EncryptionContext: contextOf(context) }
      const { CiphertextBlob } = await call((kms) => kms.call('Encrypt', input))
      return bytesOf(CiphertextBlob)
    },
    decrypt: async (sealed, context) => {
      const input = { KeyId: keyArn, CiphertextBlob: base64(sealed), EncryptionContext: contextOf(context) }
      try {
        return bytesOf((await call((kms) => kms.call('Decrypt', input))).Plaintext)
      } catch (error) {
        if (error instanceof SecretsError && doesNotOpen.includes(error.upstream?.code ?? ''))
          throw new SecretsError('integrity', 'AWS KMS does not open what is wrapped.', { cause: error })
        throw error
      }
    },
  }
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const contextOf = (context: Uint8Array): KmsContext => ({ 'keyplane:binding': base64(context) })

const bytesOf = (text: string | undefined): Uint8Array => {
  if (text !== undefined) return Buffer.from(text, 'base64')
  throw new SecretsError('bad_response', 'AWS KMS answered without what it was asked for.')
}
