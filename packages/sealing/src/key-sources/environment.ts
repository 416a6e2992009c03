import { Buffer } from 'node:buffer'
import { type Random, SecretsError } from '@keyplane/core'
import { localRootKey, rootKeyBytes } from '../local-root-key.ts'
import type { RootKeySource } from '../root-key.ts'

export interface EnvironmentRootKeyOptions {
  /** The variable's name, for messages: `KEYPLANE_ROOT_KEY`. */
  readonly variable: string
  /** Its value: 32 bytes in base64. */
  readonly value: string | undefined
  readonly random: Random
}

/** The root key in a variable of the environment. It never makes one: nothing would keep it. */
export const environmentRootKey = ({ variable, value, random }: EnvironmentRootKeyOptions): RootKeySource =>
  Object.freeze<RootKeySource>({
    name: 'environment',
    open: async (descriptor) => {
      const bytes = Buffer.from(value ?? '', 'base64')
      try {
        // Node.js leaves out what is no base64; a key that was mistyped must not become a shorter one.
        if (value === undefined || bytes.length !== rootKeyBytes || bytes.toString('base64') !== value.trim())
          throw new SecretsError(
            'source_misconfigured',
            `${variable} has to be ${rootKeyBytes} bytes in base64, as "openssl rand -base64 ${rootKeyBytes}" makes them.`,
            // Only a store that is there has lost its key with it.
            value === undefined && descriptor !== undefined ? { reason: 'no_root_key' } : {},
          )
        return localRootKey(bytes, random)
      } finally {
        bytes.fill(0)
      }
    },
  })
