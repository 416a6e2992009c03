import { timingSafeEqual } from 'node:crypto'
import type { ClientConfig, RoleConfig, ServiceConfig } from '../config/service-config.ts'
import { hashOf, isApiKey } from './api-key.ts'

/** Who asks. */
export interface Client {
  /** As audit records name it: a client by its name, a user as `user:NAME`. */
  readonly name: string
  readonly roles: readonly RoleConfig[]
  readonly roleNames: readonly string[]
  /** Of who logged in; others show a key. */
  readonly session?: { readonly tokenHash: string; readonly beganAtMs: number; readonly expiresAtMs: number }
}

/** Knows whose key a text is. */
export interface KeyHolders {
  find(key: string): Client | undefined | Promise<Client | undefined>
}

interface Known {
  readonly client: Client
  readonly hash: Buffer
}

const nobody = Buffer.alloc(32)

/** The configured clients by their keys. */
export class Clients implements KeyHolders {
  readonly #known: ReadonlyMap<string, Known>

  constructor({ clients, roles }: Pick<ServiceConfig, 'clients' | 'roles'>) {
    this.#known = new Map([...clients].flatMap(([name, config]) => knownOf(name, config, roles)))
  }

  /**
   * Whose key it is. How long it takes tells nothing of other keys: what is looked up is a hash, which nobody can choose, and
   * a key of nobody's is compared too.
   */
  find(key: string): Client | undefined {
    if (!isApiKey(key)) return undefined
    const hash = hashOf(key)
    const known = this.#known.get(hash.toString('hex'))
    return timingSafeEqual(hash, known?.hash ?? nobody) ? known?.client : undefined
  }
}

const knownOf = (
  name: string,
  { keyHashes, roles: has }: ClientConfig,
  roles: ServiceConfig['roles'],
): [string, Known][] => {
  const client = Object.freeze({ name, roles: has.flatMap((role) => roles.get(role) ?? []), roleNames: has })
  return keyHashes.map((digits) => [digits, { client, hash: Buffer.from(digits, 'hex') }])
}
