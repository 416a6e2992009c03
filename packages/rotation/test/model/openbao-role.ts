import { type SecretValue, TextValue } from '@keyplane/core'
import type { OpenBaoAnswer, OpenBaoCall } from '@keyplane/openbao'
import { openbaoDynamicRoleRotator, type Rotator } from '@keyplane/rotation'
import type { Cut, ModelTarget } from './targets.ts'

interface Leased {
  readonly username: string
  readonly lease_id?: string
}

const leasedIn = (value: SecretValue): Leased => JSON.parse(String(value.reveal())) as Leased
const answer = (body: Readonly<Record<string, unknown>>): OpenBaoAnswer =>
  ({
    member: (...path: readonly string[]) =>
      path.reduce<unknown>((at, name) => (at as Readonly<Record<string, unknown>> | undefined)?.[name], body),
  }) as OpenBaoAnswer

/**
 * A dynamic role of OpenBao, with the rotator itself: the target changes in `create`, before anything is stored. What it asks
 * of OpenBao can be cut off call by call. No lease ends by itself here.
 */
export class OpenBaoRole implements ModelTarget {
  readonly first: SecretValue
  /** Those that may log in. */
  readonly users = new Set<string>()
  /** Users that were made, and nobody heard of it. */
  unheard = 0
  cut: Cut = (act) => act()
  #rotator: Rotator | undefined
  #made = 0

  constructor() {
    this.first = new TextValue(JSON.stringify({ ...this.#make().data, lease_id: 'database/creds/app/1' }))
  }

  accepts(value: SecretValue): boolean {
    return this.users.has(leasedIn(value).username)
  }

  rotator(): Rotator {
    const target = { test: async (_: unknown, value: SecretValue) => (this.accepts(value) ? 'accepted' : 'refused') }
    const client = { call: (call: OpenBaoCall) => this.#call(call), refresh: () => undefined }
    return (this.#rotator ??= openbaoDynamicRoleRotator({ client, role: 'app', target: target as Rotator }))
  }

  restart(): void {
    this.#rotator = undefined
  }

  meddle(): void {
    this.users.clear()
  }

  async #call({ path, body }: OpenBaoCall): Promise<OpenBaoAnswer> {
    const before = this.#made
    try {
      return await this.cut(async () => {
        if (path === 'auth/token/lookup-self') return answer({ data: { ttl: 0 } })
        if (path === 'database/creds/app') return answer(this.#make())
        this.users.delete(String((body as { readonly lease_id: string }).lease_id.split('/').at(-1)))
        return answer({})
      })
    } catch (error) {
      this.unheard += this.#made - before
      throw error
    }
  }

  #make() {
    const username = String((this.#made += 1))
    this.users.add(username)
    const data = { username, password: `of ${username}` }
    return { data, lease_id: `database/creds/app/${username}`, lease_duration: 3_600 }
  }
}
