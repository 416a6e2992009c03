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

interface Known {
  readonly client: Client
  readonly hash: Buffer
}

const nobody = Buffer.alloc(32)

/** The configured clients by their keys and certificates. */
export class Clients {
  readonly #known: ReadonlyMap<string, Known>
  readonly #certified: ReadonlyMap<string, Client>

  constructor({ clients, roles }: Pick<ServiceConfig, 'clients' | 'roles'>) {
    const named = [...clients].map(([name, config]) => ({ client: clientOf(name, config, roles), config }))
    this.#known = new Map(named.flatMap(({ client, config }) => knownOf(client, config)))
    this.#certified = new Map(
      named.flatMap(({ client, config }) => config.certificates.map((each): [string, Client] => [each, client])),
    )
  }

  certified(names: readonly string[]): Client | undefined {
    return names.map((name) => this.#certified.get(name)).find((client) => client !== undefined)
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

const clientOf = (name: string, { roles: has }: ClientConfig, roles: ServiceConfig['roles']): Client =>
  Object.freeze({ name, roles: has.flatMap((role) => roles.get(role) ?? []), roleNames: has })

const knownOf = (client: Client, { keyHashes }: ClientConfig): [string, Known][] =>
  keyHashes.map((digits) => [digits, { client, hash: Buffer.from(digits, 'hex') }])
