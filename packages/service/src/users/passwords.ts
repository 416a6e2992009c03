import { Buffer } from 'node:buffer'
import * as crypto from 'node:crypto'
import { promisify } from 'node:util'
import { type Random, SecretsError } from '@keyplane/core'
import { Semaphore } from '../limits/semaphore.ts'

/** Of Argon2id. */
export interface PasswordCost {
  readonly memoryKib: number
  readonly passes: number
}

/** @see https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#argon2id */
const recommended: PasswordCost = { memoryKib: 19_456, passes: 2 }
/** Each takes its memory and a processor; what waits longer than some seconds is refused at once instead. */
const atOnce = 2
const waiting = 64

/** Hashes passwords and tries them; so many at a time that nobody can fill memory with it. */
export class Passwords {
  readonly #random: Random
  readonly #cost: PasswordCost
  readonly #turns = new Semaphore({ atOnce, waiting })
  readonly #nobodys: string

  constructor(random: Random, cost: PasswordCost = recommended) {
    this.#random = random
    this.#cost = cost
    this.#nobodys = phc(cost, random.bytes(16), random.bytes(32))
  }

  /** In the PHC string format. @throws SecretsError `rate_limited` */
  async hash(password: string): Promise<string> {
    const salt = this.#random.bytes(16)
    return phc(this.#cost, salt, await this.#turns.take(() => derived(password, salt, this.#cost)))
  }

  /** Whether it is the password of a hash; without one it is not, and takes as long. @throws SecretsError `rate_limited` */
  async holds(password: string, hash: string | undefined): Promise<boolean> {
    const { cost, salt, digest } = parsed(hash ?? this.#nobodys)
    const found = await this.#turns.take(() => derived(password, salt, cost))
    return crypto.timingSafeEqual(found, digest) && hash !== undefined
  }
}

/** What is typed on one machine is what was set on another. */
const derived = (password: string, nonce: Uint8Array, { memoryKib, passes }: PasswordCost): Promise<Buffer> => {
  const message = Buffer.from(password.normalize('NFKC'))
  if (typeof crypto.argon2 !== 'function')
    throw new SecretsError('unsupported', `Logins need Node.js 24.7 or newer; this is ${process.versions.node}.`, {
      reason: 'argon2',
    })
  const parameters = { message, nonce, memory: memoryKib, passes, parallelism: 1, tagLength: 32 }
  return promisify(crypto.argon2)('argon2id', parameters)
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replaceAll('=', '')

const phc = ({ memoryKib, passes }: PasswordCost, salt: Uint8Array, digest: Uint8Array): string =>
  `$argon2id$v=19$m=${memoryKib},t=${passes},p=1$${base64(salt)}$${base64(digest)}`

const parsed = (
  hash: string,
): { readonly cost: PasswordCost; readonly salt: Uint8Array; readonly digest: Uint8Array } => {
  const [, memory, passes, salt, digest] =
    /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=1\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/.exec(hash) ?? []
  if (salt === undefined || digest === undefined)
    throw new SecretsError('integrity', "A password's hash is not one that was written here.", { reason: 'damaged' })
  return {
    cost: { memoryKib: Number(memory), passes: Number(passes) },
    salt: Buffer.from(salt, 'base64'),
    digest: Buffer.from(digest, 'base64'),
  }
}
