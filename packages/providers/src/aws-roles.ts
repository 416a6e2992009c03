import type { AwsCredentialSource, AwsCredentials, AwsJsonClient, SecretsManagerOperations } from '@keyplane/aws'
import type { Clock } from '@keyplane/core'
import { roleCredentials } from './role-credentials.ts'

export interface AwsRolesParts {
  /** Clients kept at most; the least lately used goes first. */
  readonly maxRoles: number
  readonly assume: (roleArn: string) => Promise<AwsCredentials>
  readonly open: (credentials: AwsCredentialSource) => RoleClient
  readonly clock: Clock
}

export type RoleClient = Pick<AwsJsonClient<SecretsManagerOperations>, 'call' | 'close'>

interface Role {
  readonly arn: string
  readonly client: RoleClient
  running: number
  isGone: boolean
}

/** A client for each role that is read by. A role that can't be assumed takes no other role's place. */
export class AwsRoles {
  readonly #parts: AwsRolesParts
  /** Assumed at least once, in order of use. */
  readonly #kept = new Map<string, Role>()
  readonly #opening = new Map<string, Role>()

  constructor(parts: AwsRolesParts) {
    this.#parts = parts
  }

  /** Runs a call by the role's client, which stays open as long as the call needs it. */
  async by<T>(roleArn: string, act: (client: RoleClient) => Promise<T>): Promise<T> {
    const role = this.#role(roleArn)
    role.running += 1
    try {
      return await act(role.client)
    } finally {
      role.running -= 1
      if (this.#opening.get(roleArn) === role && role.running === 0) this.#leave(this.#opening, role)
      else if (role.isGone && role.running === 0) role.client.close()
    }
  }

  /** Every role is assumed anew at its next use. */
  forget(): void {
    for (const role of this.#kept.values()) this.#leave(this.#kept, role)
  }

  close(): void {
    for (const role of [...this.#kept.values(), ...this.#opening.values()]) role.client.close()
  }

  #role(arn: string): Role {
    const kept = this.#kept.get(arn)
    if (kept) {
      this.#kept.delete(arn)
      this.#kept.set(arn, kept)
      return kept
    }
    const opening = this.#opening.get(arn)
    if (opening) return opening
    const source = roleCredentials(() => this.#parts.assume(arn), this.#parts.clock)
    const credentials = async (): Promise<AwsCredentials> => {
      const found = await source()
      if (this.#opening.get(arn) === role) this.#keep(role)
      return found
    }
    const client = this.#parts.open(Object.assign(credentials, { forget: () => source.forget?.() }))
    const role: Role = { arn, client, running: 0, isGone: false }
    this.#opening.set(arn, role)
    return role
  }

  #keep(role: Role): void {
    this.#opening.delete(role.arn)
    this.#kept.set(role.arn, role)
    const [oldest] = this.#kept.values()
    if (oldest && this.#kept.size > this.#parts.maxRoles) this.#leave(this.#kept, oldest)
  }

  #leave(from: Map<string, Role>, role: Role): void {
    from.delete(role.arn)
    role.isGone = true
    if (role.running === 0) role.client.close()
  }
}
