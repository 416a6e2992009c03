import { type Clock, SecretsError } from '@keyplane/core'
import { type OpenBaoClient, openBaoClient } from '@keyplane/openbao'
import { openBaoOptions } from '@keyplane/providers'
import { type KeyService, keyServiceRootKey, type RootKeySource } from '@keyplane/sealing'
import type { Context } from '../context.ts'

export interface OpenBaoRootKeyOptions {
  /** `KEY`, or `MOUNT/KEY` where the transit engine is not mounted as `transit`. */
  readonly key: string
  readonly env: Context['env']
  readonly clock: Clock
}

/** A root key in OpenBao's transit engine; address and login are those of the `openbao` source of secrets. */
export const openBaoRootKey = (options: OpenBaoRootKeyOptions): RootKeySource =>
  keyServiceRootKey({ name: 'openbao', service: transitKey(options) })

const transitKey = ({ key: given, env, clock }: OpenBaoRootKeyOptions): KeyService => {
  const [, mount = 'transit', key = ''] = /^(?:(.+)\/)?([\w.-]+)$/.exec(given) ?? []
  if (key === '') throw new SecretsError('config_invalid', `The root key openbao:${given} is no name of a transit key.`)
  /** Calls are few: one for each key of a region, and none is kept open for the next. */
  const ask = async (verb: 'encrypt' | 'decrypt', body: Readonly<Record<string, string>>, answer: string) => {
    const client: OpenBaoClient = openBaoClient({ ...(await openBaoOptions({ env, clock })), clock })
    try {
      const path = [...mount.split('/'), verb, key].map(encodeURIComponent).join('/')
      const text = (await client.call({ method: 'POST', path, body })).member('data', answer)
      if (typeof text === 'string') return text
      throw new SecretsError('bad_response', 'OpenBao answered without what it was asked for.')
    } finally {
      client.close()
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
