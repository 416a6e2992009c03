import { SecretsError } from '@keyplane/core'
import type { RootKey, RootKeySource } from '@keyplane/sealing'
import type { Calls } from './port-calls.ts'

/** A root key that the first thread has open, as the others name it. */
export interface LentKey {
  readonly handle: number
  readonly descriptor: string
}

interface Wrapping {
  readonly handle: number
  readonly bytes: Uint8Array
  readonly binding: Parameters<RootKey['wrap']>[1]
}

/** What a thread asks for that holds no root key itself. */
export type RootKeyProcedures = {
  readonly openRootKey: (descriptor: string | undefined) => Promise<LentKey>
  readonly wrap: (wrapping: Wrapping) => Promise<Uint8Array>
  readonly unwrap: (wrapping: Wrapping) => Promise<Uint8Array>
}

/** Lends root keys of a source to other threads: a key stays in this one, wherever it may live itself. */
export class RootKeyLender {
  readonly procedures: RootKeyProcedures
  readonly #keys: RootKey[] = []

  constructor(source: RootKeySource) {
    this.procedures = {
      openRootKey: async (descriptor) => this.lend(await source.open(descriptor)),
      wrap: ({ handle, bytes, binding }) => this.#keyOf(handle).wrap(bytes, binding),
      unwrap: ({ handle, bytes, binding }) => this.#keyOf(handle).unwrap(bytes, binding),
    }
  }

  lend(key: RootKey): LentKey {
    return { handle: this.#keys.push(key) - 1, descriptor: key.descriptor }
  }

  #keyOf(handle: number): RootKey {
    const key = this.#keys[handle]
    if (!key) throw new SecretsError('internal', 'A thread asked for a root key that was never opened.')
    return key
  }
}

/** A root key of another thread. */
export const borrowedRootKey = ({ handle, descriptor }: LentKey, first: Calls<RootKeyProcedures>): RootKey => ({
  descriptor,
  wrap: (bytes, binding) => first.call('wrap', { handle, bytes, binding }),
  unwrap: (bytes, binding) => first.call('unwrap', { handle, bytes, binding }),
})

/** The source of another thread's root keys. */
export const borrowedRootKeys = (name: string, first: Calls<RootKeyProcedures>): RootKeySource => ({
  name,
  open: async (descriptor) => borrowedRootKey(await first.call('openRootKey', descriptor), first),
})
