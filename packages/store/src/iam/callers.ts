import { type Policy, parsePolicy, type SessionPrincipal } from '@keyplane/policy'
import type { Credential, Iam, Identity, Role } from './identity.ts'
import { sessionPolicy } from './session-policy.ts'
import type { Session, SessionTokens } from './session-tokens.ts'

/** Tells who stands behind an access key: a user for life, or a role for the time of a session. */
export class Callers {
  readonly #iam: () => Iam
  readonly #sessions: SessionTokens
  /** Parsed once a token; gone with it. */
  readonly #policies = new WeakMap<Session, Policy>()

  constructor(iam: () => Iam, sessions: SessionTokens) {
    this.#iam = iam
    this.#sessions = sessions
  }

  /** As configured at this moment. */
  get iam(): Iam {
    return this.#iam()
  }

  /** Who has the access key. With temporary keys the session token says so; its role may be gone by then. */
  find(accessKeyId: string, sessionToken: string | undefined): Credential | undefined {
    if (sessionToken === undefined) return this.iam.accessKeys.get(accessKeyId)
    const session = this.#sessions.open(sessionToken)
    const role = session?.accessKeyId === accessKeyId ? this.iam.roles.get(session.roleArn) : undefined
    if (!session || role?.roleId !== session.roleId) return undefined
    const { secretAccessKey, expiresAtMs } = session
    return { secretAccessKey, sessionToken, expiresAtMs, identity: this.#identityOf(session, role) }
  }

  #identityOf(session: Session, role: Role): Identity {
    const { account, roleId, policies, boundary } = role
    const principal = sessionPrincipal(role, session.name)
    const passed = this.#policiesOf(session, account)
    return {
      principal,
      arn: principal.arn,
      account,
      userId: `${roleId}:${session.name}`,
      policies,
      ...(boundary && { boundary }),
      ...(passed.length > 0 && { session: passed }),
      tags: tagsOf(session, role),
      issuedAtMs: session.issuedAtMs,
      sessionOf: session,
    }
  }

  #policiesOf(session: Session, account: string): readonly Policy[] {
    const { policy, policyArns } = session
    // What is gone by then allows nothing.
    const managed = policyArns.map((arn) => sessionPolicy(this.iam, account, arn) ?? nothing)
    return policy === undefined ? managed : [this.#parsed(session, policy), ...managed]
  }

  #parsed(session: Session, json: string): Policy {
    const known = this.#policies.get(session)
    if (known) return known
    const parsed = parsePolicy(json, 'identity')
    // Checked when the session was made; what an older version took and this one does not allows nothing.
    const policy = parsed.ok ? parsed.policy : nothing
    this.#policies.set(session, policy)
    return policy
  }
}

const nothing: Policy = { Statement: [] }

/** A session's own tags win over its role's, whose keys may be written in another case. */
const tagsOf = (session: Session, role: Role): ReadonlyMap<string, string> => {
  const own = Object.entries(session.tags)
  const keys = new Set(own.map(([key]) => key.toLowerCase()))
  return new Map([...[...role.tags].filter(([key]) => !keys.has(key.toLowerCase())), ...own])
}

export const sessionPrincipal = (role: Pick<Role, 'arn' | 'account' | 'name'>, session: string): SessionPrincipal => ({
  kind: 'role-session',
  arn: `arn:aws:sts::${role.account}:assumed-role/${role.name}/${session}`,
  account: role.account,
  roleArn: role.arn,
})
