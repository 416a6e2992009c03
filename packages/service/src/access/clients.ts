import { timingSafeEqual } from 'node:crypto'
import type { ClientConfig, RoleConfig, ServiceConfig } from '../config/service-config.ts'
import { hashOf, isApiKey } from './api-key.ts'

/** Who asks. */
export interface Client {
  /** What it is known by. */
  readonly kind: 'key' | 'certificate' | 'session'
  /** As audit records name it: a client by its name, a user as `user:NAME`. */
  readonly name: string
  readonly roles: readonly RoleConfig[]
  readonly roleNames: readonly string[]
  /** Of who logged in. */
  readonly session?: { readonly tokenHash: string; readonly beganAtMs: number; readonly expiresAtMs: number }
}

interface Known {
  readonly client: Client
  readonly hash: Buffer
}

const nobody = Buffer.alloc(32)

/** Who may do what, as far as the configuration says it. */
export type AccessConfig = Pick<ServiceConfig, 'clients' | 'roles'>

/** The configured clients by their keys and certificates. */
export class Clients {
  #known: ReadonlyMap<string, Known> = new Map()
  #certified: ReadonlyMap<string, Client> = new Map()

  constructor(config: AccessConfig) {
    this.use(config)
  }

  /** Knows these from here on, and no others. */
  use({ clients, roles }: AccessConfig): void {
    const named = [...clients].map(([name, config]) => ({ client: clientOf(name, config, roles), config }))
    this.#known = new Map(named.flatMap(({ client, config }) => knownOf(client, config)))
    this.#certified = new Map(
      named.flatMap(({ client, config }) => {
        const certified = Object.freeze({ ...client, kind: 'certificate' as const })
        return config.certificates.map((each): [string, Client] => [each, certified])
      }),
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
  Object.freeze({ kind: 'key', name, roles: has.flatMap((role) => roles.get(role) ?? []), roleNames: has })

const knownOf = (client: Client, { keyHashes }: ClientConfig): [string, Known][] =>
  keyHashes.map((digits) => [digits, { client, hash: Buffer.from(digits, 'hex') }])
