import { SecretsError } from '@keyplane/core'
import { associatedData } from '../binding.ts'
import type { RootKey, RootKeySource } from '../root-key.ts'

/** A key that another system keeps and never gives out: AWS KMS, OpenBao's transit. */
export interface KeyService {
  /** What finds the key again: an ARN, a name. Nothing secret. */
  readonly keyName: string
  /** Encrypts; `context` has to be given again to decrypt. */
  encrypt(plain: Uint8Array, context: Uint8Array): Promise<Uint8Array>
  /** @throws SecretsError `integrity` if the blob was altered, or belongs to another context or key. */
  decrypt(sealed: Uint8Array, context: Uint8Array): Promise<Uint8Array>
}

export interface KeyServiceRootKeyOptions {
  /** The source's name: `aws-kms`, `openbao`. */
  readonly name: string
  readonly service: KeyService
}

/** A root key that stays where it is: each KMS key is wrapped and unwrapped by a call. It never makes one. */
export const keyServiceRootKey = ({ name, service }: KeyServiceRootKeyOptions): RootKeySource =>
  Object.freeze<RootKeySource>({
    name,
    open: async (descriptor) => {
      if (descriptor !== undefined && descriptor !== service.keyName)
        throw new SecretsError(
          'source_misconfigured',
          `The root key of this store is ${JSON.stringify(descriptor)}, not ${JSON.stringify(service.keyName)}.`,
          { reason: 'wrong_root_key' },
        )
      return Object.freeze<RootKey>({
        descriptor: service.keyName,
        wrap: (plain, binding) => service.encrypt(plain, associatedData(binding)),
        unwrap: (wrapped, binding) => service.decrypt(wrapped, associatedData(binding)),
      })
    },
  })
