import { type NamedPolicy, type Policy, parsePolicy } from '@keyplane/policy'
import type { Credential, Identity, IdentityProvider, Role } from './identity.ts'
import type { Problems, TextRule } from './strict-json.ts'
import { uniqueId } from './unique-id.ts'
import { rootIdentity } from './root-identity.ts'

/** The members of an account in an IAM file. */
export const accountMembers = ['users', 'roles', 'policies', 'identityProviders', 'rootAccessKeys'] as const

/** What an account's members are read into. */
export interface ReadInto {
  readonly accessKeys: Map<string, Credential>
  readonly roles: Map<string, Role>
  readonly users: Map<string, Identity>
  readonly policies: Map<string, Policy>
  readonly identityProviders: IdentityProvider[]
}

/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const name: TextRule = { pattern: /^[\w+=,.@-]{1,64}$/, wanted: '1–64 letters, digits or +=,.@_-' }
const path: TextRule = { pattern: /^\/(?:[!-.0-~]+\/)*$/, wanted: 'a path such as /team/' }
const accessKeyId: TextRule = { pattern: /^\w{16,128}$/, wanted: '16–128 letters or digits' }
const secretKey: TextRule = { pattern: /^[!-~]{16,128}$/, wanted: '16–128 printable characters without spaces' }
const issuer: TextRule = { pattern: /^https:\/\/[^\s?#]+[^\s?#/]$/, wanted: 'an https URL without a slash at its end' }
const anyText: TextRule = { pattern: /^[^\0]{1,256}$/, wanted: '1–256 characters' }
const tagValue: TextRule = { pattern: /^[^\0]{0,256}$/, wanted: '0–256 characters' }

const allowsAll = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'

/** Reads one account of an IAM file. */
export class AccountReader {
  readonly #account: string
  /** The place of the account's members, with a dot at its end. */
  readonly #at: string
  readonly #problems: Problems
  readonly #into: ReadInto
  /** Policies by name: AWS's own that there is here, and the account's. */
  readonly #policies = new Map<string, Policy>()
  /** IAM: unique whatever the path, as `user x`. */
  readonly #names = new Set<string>()

  constructor(account: string, at: string, problems: Problems, into: ReadInto) {
    this.#account = account
    this.#at = at
    this.#problems = problems
    this.#into = into
  }

  read(members: Readonly<Record<string, unknown>>): void {
    this.#addPolicy('AdministratorAccess', allowsAll, 'AdministratorAccess')
    for (const [policy, document] of Object.entries(
      this.#problems.entries(members['policies'] ?? {}, this.#path('policies')),
    ))
      this.#addPolicy(policy, document, this.#path(`policies[${JSON.stringify(policy)}]`))
    this.#each(members['users'], 'users', (user, at) => this.#addUser(user, at))
    this.#each(members['roles'], 'roles', (role, at) => this.#addRole(role, at))
    this.#each(members['identityProviders'], 'identityProviders', (provider, at) => this.#addProvider(provider, at))
    this.#addKeys(members['rootAccessKeys'], this.#path('rootAccessKeys'), rootIdentity(this.#account))
  }

  #addUser(value: unknown, at: string): void {
    const user = this.#problems.object(value, at, [
      'name',
      'path',
      'accessKeys',
      'policies',
      'permissionsBoundary',
      'tags',
    ])
    const userName = this.#problems.text(user['name'], `${at}.name`, name)
    const arn = this.#arn(`user${this.#pathOf(user, at)}${userName}`)
    const [principal, account] = [{ kind: 'user', arn, account: this.#account } as const, this.#account]
    const identity = { principal, arn, account, userId: uniqueId('AIDA', arn), userName, ...this.#rights(user, at) }
    this.#once(`user ${userName}`, at)
    this.#into.users.set(arn, Object.freeze(identity))
    this.#addKeys(user['accessKeys'], `${at}.accessKeys`, identity)
  }

  #addRole(value: unknown, at: string): void {
    const known = ['name', 'id', 'path', 'trustPolicy', 'policies', 'permissionsBoundary', 'tags', 'maxSessionSeconds']
    const role = this.#problems.object(value, at, known)
    const roleName = this.#problems.text(role['name'], `${at}.name`, name)
    const arn = this.#arn(`role${this.#pathOf(role, at)}${roleName}`)
    const trustPolicy = this.#policy(role['trustPolicy'], 'trust', `${at}.trustPolicy`)
    const seconds = { min: 3_600, max: 43_200 }
    const id = role['id'] === undefined ? '' : ` ${this.#problems.text(role['id'], `${at}.id`, anyText)}`
    this.#once(`role ${roleName}`, at)
    this.#into.roles.set(
      arn,
      Object.freeze({
        arn,
        account: this.#account,
        name: roleName,
        // No ARN has a space.
        roleId: uniqueId('AROA', `${arn}${id}`),
        trustPolicy,
        ...this.#rights(role, at),
        maxSessionSeconds: this.#problems.integer(
          role['maxSessionSeconds'] ?? 3_600,
          `${at}.maxSessionSeconds`,
          seconds,
        ),
      }),
    )
  }

  #addProvider(value: unknown, at: string): void {
    const provider = this.#problems.object(value, at, ['url', 'audiences', 'keys'])
    const url = this.#problems.text(provider['url'], `${at}.url`, issuer)
    const audiences = this.#texts(provider['audiences'], `${at}.audiences`)
    if (audiences.length === 0) this.#problems.add(`${at}.audiences`, 'has to name at least one audience')
    const set = this.#problems.object(provider['keys'], `${at}.keys`, ['keys'])
    const keys = this.#problems.list(set['keys'], `${at}.keys.keys`)
    const read = keys.map((key, index) => this.#problems.entries(key, `${at}.keys.keys[${index}]`))
    if (keys.length === 0) this.#problems.add(`${at}.keys.keys`, 'has to have at least one public key')
    for (const [index, key] of read.entries())
      if ('d' in key || 'k' in key) this.#problems.add(`${at}.keys.keys[${index}]`, 'is not a public key')
    const arn = this.#arn(`oidc-provider/${url.replace('https://', '')}`)
    this.#into.identityProviders.push({ arn, account: this.#account, issuer: url, audiences, keys: { keys: read } })
  }

  /** What a user or role may do, and is. */
  #rights(owner: Readonly<Record<string, unknown>>, at: string): Pick<Identity, 'policies' | 'boundary' | 'tags'> {
    const { policies, permissionsBoundary: boundary, tags = {} } = owner
    if (policies === undefined)
      this.#problems.add(`${at}.policies`, 'is missing: write ["AdministratorAccess"] to allow everything, [] nothing')
    const attached = this.#problems
      .list(policies, `${at}.policies`)
      .map((given, index) => this.#attached(given, `${at}.policies[${index}]`))
    return {
      policies: attached,
      ...(boundary !== undefined && { boundary: this.#attached(boundary, `${at}.permissionsBoundary`).policy }),
      tags: this.#tags(tags, `${at}.tags`),
    }
  }

  /** AWS: keys that differ in case alone are the same key. */
  #tags(value: unknown, at: string): ReadonlyMap<string, string> {
    const tags = new Map<string, string>()
    const folded = new Map<string, string>()
    for (const [key, given] of Object.entries(this.#problems.entries(value, at))) {
      const place = `${at}[${JSON.stringify(key)}]`
      const same = folded.get(key.toLowerCase())
      if (same !== undefined) this.#problems.add(place, `differs from ${JSON.stringify(same)} in case alone`)
      folded.set(key.toLowerCase(), key)
      tags.set(key, this.#problems.text(given, place, tagValue))
    }
    return tags
  }

  /** A policy by its name, or written out where it is attached. */
  #attached(given: unknown, at: string): NamedPolicy {
    if (typeof given !== 'string') return { name: at, policy: this.#policy(given, 'identity', at) }
    const policy = this.#policies.get(given)
    if (policy) return { name: given, policy }
    this.#problems.add(
      at,
      `names a policy ${JSON.stringify(given)} that is not there; there are ${[...this.#policies.keys()].join(', ')}`,
    )
    return { name: given, policy: nothing }
  }

  #addPolicy(policyName: string, document: unknown, at: string): void {
    if (this.#policies.has(policyName)) this.#problems.add(at, 'is the name of a policy of AWS')
    const policy = this.#policy(document, 'identity', at)
    this.#policies.set(policyName, policy)
    this.#into.policies.set(this.#arn(`policy/${policyName}`), policy)
  }

  #policy(document: unknown, kind: 'identity' | 'trust', at: string): Policy {
    const parsed = parsePolicy(document, kind)
    if (parsed.ok) return parsed.policy
    for (const { path: inside, message } of parsed.problems)
      this.#problems.add(inside === '' ? at : `${at}.${inside}`, message)
    return nothing
  }

  #addKeys(value: unknown, at: string, identity: Identity): void {
    for (const [index, key] of this.#problems.list(value, at).entries()) {
      const place = `${at}[${index}]`
      const given = this.#problems.object(key, place, ['accessKeyId', 'secretAccessKey'])
      const id = this.#problems.text(given['accessKeyId'], `${place}.accessKeyId`, accessKeyId)
      const secretAccessKey = this.#problems.text(given['secretAccessKey'], `${place}.secretAccessKey`, secretKey)
      if (this.#into.accessKeys.has(id)) this.#problems.add(`${place}.accessKeyId`, 'is there twice')
      this.#into.accessKeys.set(id, Object.freeze({ secretAccessKey, identity }))
    }
  }

  #once(named: string, at: string): void {
    if (this.#names.has(named)) this.#problems.add(`${at}.name`, 'is there twice')
    this.#names.add(named)
  }

  #each(value: unknown, member: string, act: (item: unknown, at: string) => void): void {
    const at = this.#path(member)
    for (const [index, item] of this.#problems.list(value, at).entries()) act(item, `${at}[${index}]`)
  }

  #texts(value: unknown, at: string): readonly string[] {
    return this.#problems.list(value, at).map((item, index) => this.#problems.text(item, `${at}[${index}]`, anyText))
  }

  #pathOf(owner: Readonly<Record<string, unknown>>, at: string): string {
    return owner['path'] === undefined ? '/' : this.#problems.text(owner['path'], `${at}.path`, path)
  }

  #path(member: string): string {
    return `${this.#at}${member}`
  }

  #arn(resource: string): string {
    return `arn:aws:iam::${this.#account}:${resource}`
  }
}

/** Stands in for a policy that could not be read; the file is refused. */
const nothing: Policy = { Statement: [] }
