import { SecretsError } from '@keyplane/core'
import type { OpenBaoClient } from './client-contract.ts'

export interface TransitKeyOptions {
  readonly key: string
  /** Where the transit engine is. Default `transit`. */
  readonly mount?: string | undefined
  /** A client for one call, closed after it: calls are few, and none is kept open for the next. */
  readonly open: () => Promise<OpenBaoClient>
}

/** A key that OpenBao's transit engine keeps and never gives out. */
export interface TransitKey {
  /** `MOUNT/KEY`. */
  readonly keyName: string
  /** Encrypts; `context` has to be given again to decrypt. */
  encrypt(plain: Uint8Array, context: Uint8Array): Promise<Uint8Array>
  /** @throws SecretsError `integrity` if the blob was altered, or belongs to another context or key. */
  decrypt(sealed: Uint8Array, context: Uint8Array): Promise<Uint8Array>
}

export const transitKey = ({ key, mount = 'transit', open }: TransitKeyOptions): TransitKey => {
  const ask = async (verb: 'encrypt' | 'decrypt', body: Readonly<Record<string, string>>, answer: string) => {
    const client = await open()
    try {
      const path = [...mount.split('/'), verb, key].map(encodeURIComponent).join('/')
      const text = (await client.call({ method: 'POST', path, body })).member('data', answer)
      if (typeof text === 'string') return text
      throw new SecretsError('bad_response', 'OpenBao answered without what it was asked for.')
    } finally {
      await client.close()
    }
  }
  return {
    keyName: `${mount}/${key}`,
    encrypt: async (plain, context) => {
      const body = { plaintext: base64(plain), associated_data: base64(context) }
      return Buffer.from(await ask('encrypt', body, 'ciphertext'))
    },
    decrypt: async (sealed, context) => {
      const body = { ciphertext: Buffer.from(sealed).toString(), associated_data: base64(context) }
      try {
        return Buffer.from(await ask('decrypt', body, 'plaintext'), 'base64')
      } catch (error) {
        // OpenBao says 400 to all that it cannot open: altered, of another key, or bound to another place.
        if (error instanceof SecretsError && error.upstream?.status === 400)
          throw new SecretsError('integrity', 'OpenBao does not open what is wrapped.', { cause: error })
        throw error
      }
    },
  }
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
