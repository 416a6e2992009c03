import { Buffer } from 'node:buffer'
import * as crypto from 'node:crypto'
import { promisify } from 'node:util'
import { type Random, SecretsError } from '@keyplane/core'
import { localRootKey, rootKeyBytes } from '../local-root-key.ts'
import type { RootKeySource } from '../root-key.ts'

/** What it costs to try one passphrase. */
export interface Argon2Cost {
  readonly memoryKib: number
  readonly passes: number
  readonly parallelism: number
}

export interface PassphraseRootKeyOptions {
  /** Asks for the passphrase; what it gives is cleared. */
  readonly passphrase: () => Promise<Uint8Array>
  readonly random: Random
  /** For a new store; an existing one keeps its own. Default: RFC 9106's second choice, 64 MiB and three passes. */
  readonly cost?: Argon2Cost
}

/** @see https://www.rfc-editor.org/rfc/rfc9106#section-4 */
const recommended: Argon2Cost = { memoryKib: 64 * 1024, passes: 3, parallelism: 4 }
const saltBytes = 16
const minPassphraseBytes = 12

interface Parameters extends Argon2Cost {
  readonly salt: Uint8Array
}

/** A root key that is derived from a passphrase (Argon2id). Salt and cost are kept with the store, the passphrase nowhere. */
export const passphraseRootKey = (options: PassphraseRootKeyOptions): RootKeySource =>
  Object.freeze<RootKeySource>({
    name: 'passphrase',
    open: async (descriptor) => {
      const parameters =
        descriptor === undefined
          ? { ...(options.cost ?? recommended), salt: options.random.bytes(saltBytes) }
          : parametersOf(descriptor)
      requireArgon2()
      const passphrase = await options.passphrase()
      try {
        if (descriptor === undefined && passphrase.length < minPassphraseBytes)
          throw misconfigured(`A new passphrase has to have ${minPassphraseBytes} bytes at least.`)
        const key = await derived(passphrase, parameters)
        try {
          return localRootKey(key, options.random, descriptorOf(parameters))
        } finally {
          key.fill(0)
        }
      } finally {
        passphrase.fill(0)
      }
    },
  })

const requireArgon2 = (): void => {
  if (typeof crypto.argon2 !== 'function')
    throw new SecretsError(
      'unsupported',
      `A root key from a passphrase needs Node.js 24.7 or newer; this is ${process.versions.node}.`,
      { reason: 'argon2' },
    )
}

const derived = async (passphrase: Uint8Array, { salt, memoryKib, passes, parallelism }: Parameters): Promise<Buffer> =>
  promisify(crypto.argon2)('argon2id', {
    message: passphrase,
    nonce: salt,
    memory: memoryKib,
    passes,
    parallelism,
    tagLength: rootKeyBytes,
  })

const descriptorOf = ({ salt, memoryKib, passes, parallelism }: Parameters): string =>
  JSON.stringify({ kdf: 'argon2id', salt: Buffer.from(salt).toString('base64'), memoryKib, passes, parallelism })

/** Bounds beyond which a descriptor was not written here: one that was edited must not fill the memory. */
const bounds = { memoryKib: [8, 4 * 1024 * 1024], passes: [1, 100], parallelism: [1, 64] } as const

const parametersOf = (descriptor: string): Parameters => {
  const read = parsed(descriptor)
  const salt = Buffer.from(typeof read['salt'] === 'string' ? read['salt'] : '', 'base64')
  const within = (name: keyof typeof bounds): number => {
    const value = read[name]
    const [least, most] = bounds[name]
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value
    throw notAPassphrase()
  }
  if (read['kdf'] !== 'argon2id' || salt.length !== saltBytes) throw notAPassphrase()
  return { salt, memoryKib: within('memoryKib'), passes: within('passes'), parallelism: within('parallelism') }
}

const parsed = (descriptor: string): Readonly<Record<string, unknown>> => {
  try {
    const read: unknown = JSON.parse(descriptor)
    return typeof read === 'object' && read !== null ? (read as Readonly<Record<string, unknown>>) : {}
  } catch {
    return {}
  }
}

const notAPassphrase = (): SecretsError =>
  misconfigured('The root key of this store is not one from a passphrase; it has another source.')

const misconfigured = (message: string): SecretsError => new SecretsError('source_misconfigured', message)
