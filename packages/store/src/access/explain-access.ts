import { SecretsError } from '@keyplane/core'
import { type Explanation, type Policy, parsePolicy } from '@keyplane/policy'
import type { Caller } from '../caller.ts'
import { sessionPrincipal } from '../iam/callers.ts'
import type { Iam, Identity } from '../iam/identity.ts'
import { findKey } from '../kms/find-key.ts'
import { keyQuestion } from '../kms/key-access.ts'
import { kmsOperations } from '../kms/operations.ts'
import { secretsManagerOperations } from '../secretsmanager/operations.ts'
import { kmsKeysTable } from '../storage/kms-keys-table.ts'
import { policiesTable } from '../storage/policies-table.ts'
import { readingStore } from '../storage/reading-store.ts'
import { secretsTable } from '../storage/secrets-table.ts'
import type { StoreDatabase } from '../storage/store-database.ts'
import type { Conditions } from './caller-conditions.ts'
import { inputConditions } from './input-conditions.ts'
import { explained, type Question } from './judge.ts'
import { SecretAccess } from './secret-access.ts'
import { SecretFactsCache } from './secret-facts-cache.ts'

export interface ExplainAccessOptions {
  readonly iam: Iam
  readonly database: StoreDatabase
  /** ARN of a user, a role (then of a session of it) or an account's root. */
  readonly principal: string
  /** `secretsmanager:GetSecretValue`, `kms:Decrypt`. */
  readonly action: string
  /** A secret's name or ARN, a KMS key's id, alias or ARN; absent for actions that concern none. */
  readonly resource?: string
  readonly region: string
  /** A resource policy to try, as JSON, in place of the one that the secret has. */
  readonly resourcePolicy?: string
  /** What else conditions are to see: `aws:SourceIp`. They go before what would be seen. */
  readonly conditions?: Conditions
  readonly nowMs: number
}

/**
 * Why somebody may or may not do something, with each statement's verdict. Another process may be writing the store; a
 * secret that is not there is judged as if it were about to be made.
 * @throws SecretsError `config_invalid` for a principal that the IAM file does not name, or a policy that is none.
 */
export const explainAccess = async (options: ExplainAccessOptions): Promise<Explanation> => {
  const identity = identityOf(options.iam, options.principal)
  const { region, action, resource } = options
  const caller: Caller = {
    principal: identity.arn,
    account: identity.account,
    region,
    identity,
    sourceIp: '127.0.0.1',
    isSecure: false,
  }
  const service = serviceOf(action)
  return readingStore(options.database, async (reader) => {
    const asked = { caller, nowMs: options.nowMs, action }
    if (resource !== undefined && service === 'kms')
      return explained(withConditions(await askedOfKey(asked, resource, kmsKeysTable(reader)), options))
    const secrets = secretsTable(reader)
    const access = new SecretAccess({
      secrets,
      facts: new SecretFactsCache({ secrets, policies: policiesTable(reader) }),
    })
    const isRead = action.toLowerCase() === 'secretsmanager:getsecretvalue'
    const { question } = await access.question({
      ...asked,
      ...(resource !== undefined && { secretId: resource }),
      // A read that names no version means the current one.
      ...(isRead && { conditions: inputConditions.get({ SecretId: resource ?? '' }) }),
    })
    const policy = options.resourcePolicy === undefined ? undefined : requirePolicy(options.resourcePolicy)
    const guarded = policy ? { ...question, guard: { kind: 'resource', policy } as const } : question
    return explained(withConditions(guarded, options))
  })
}

/** Actions that a call to the store can ask for, and that bear on a secret or a key. */
const actions: ReadonlySet<string> = new Set(
  [...secretsManagerOperations.values(), ...kmsOperations.values()]
    .map(({ action }) => action)
    .concat('kms:ReEncryptFrom'),
)

/** @throws SecretsError `config_invalid` for an action that there is not: what is misspelled is allowed or denied by chance */
const serviceOf = (action: string): 'secretsmanager' | 'kms' => {
  const known = [...actions].find((one) => one.toLowerCase() === action.toLowerCase())
  if (known) return known.startsWith('kms:') ? 'kms' : 'secretsmanager'
  throw new SecretsError(
    'config_invalid',
    `There is no action ${JSON.stringify(action)} that can be explained; there are ${[...actions].join(', ')}.`,
  )
}

const askedOfKey = async (
  asked: Pick<Question, 'caller' | 'nowMs' | 'action'>,
  keyId: string,
  table: ReturnType<typeof kmsKeysTable>,
): Promise<Question> => {
  const found = await findKey({ kmsKeys: { table } }, keyId, asked.caller)
  if (!found) throw new SecretsError('secret_not_found', `There is no KMS key ${JSON.stringify(keyId)}.`)
  return keyQuestion({ ...asked, table }, { ...found, operation: asked.action.slice('kms:'.length) })
}

const withConditions = (question: Question, { conditions }: ExplainAccessOptions): Question => ({
  ...question,
  conditions: { ...question.conditions, ...conditions },
})

const requirePolicy = (json: string): Policy => {
  const parsed = parsePolicy(json, 'resource')
  if (parsed.ok) return parsed.policy
  const problems = parsed.problems.map(({ path, message }) => `${path} ${message}`.trim())
  throw new SecretsError('config_invalid', `The resource policy is not valid: ${problems.join('; ')}.`)
}

const identityOf = (iam: Iam, arn: string): Identity => {
  const user = iam.users.get(arn)
  if (user) return user
  const [, account = ''] = /^arn:aws:iam::(\d{12}):root$/.exec(arn) ?? []
  if (iam.accounts.has(account)) {
    const principal = { kind: 'root', arn, account } as const
    return { principal, arn, account, userId: account, policies: [], tags: new Map() }
  }
  const [, roleAccount, roleName, sessionName] =
    /^arn:aws:sts::(\d{12}):assumed-role\/([^/]+)\/([^/]+)$/.exec(arn) ?? []
  const role =
    iam.roles.get(arn) ??
    [...iam.roles.values()].find(({ account: its, name }) => its === roleAccount && name === roleName)
  if (!role) {
    const known = [...iam.users.keys(), ...iam.roles.keys()].join(', ')
    throw new SecretsError('config_invalid', `There is no principal ${JSON.stringify(arn)}; there are ${known}.`)
  }
  const name = sessionName ?? 'session'
  const principal = sessionPrincipal(role, name)
  const { policies, boundary, tags } = role
  const bounded = boundary && { boundary }
  return {
    principal,
    arn: principal.arn,
    account: role.account,
    userId: `${role.roleId}:${name}`,
    policies,
    ...bounded,
    tags,
  }
}
