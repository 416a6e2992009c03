import { SecretsError } from '@keyplane/core'
import { type Explanation, type Policy, parsePolicy } from '@keyplane/policy'
import type { Caller } from '../caller.ts'
import { sessionPrincipal } from '../iam/callers.ts'
import type { Iam, Identity } from '../iam/identity.ts'
import { rootIdentity } from '../iam/root-identity.ts'
import { findKey } from '../kms/find-key.ts'
import { keyQuestion } from '../kms/key-access.ts'
import { aliasArn } from '../kms/kms-keys.ts'
import { kmsOperations } from '../kms/operations.ts'
import { type NamedKey, parseKeyId } from '../kms/parse-key-id.ts'
import { secretsManagerOperations } from '../secretsmanager/operations.ts'
import { kmsKeysTable } from '../storage/kms-keys-table.ts'
import { policiesTable } from '../storage/policies-table.ts'
import { readingStore } from '../storage/reading-store.ts'
import { secretsTable } from '../storage/secrets-table.ts'
import type { StoreDatabase } from '../storage/store-database.ts'
import { versionsTable } from '../storage/versions-table.ts'
import type { Conditions } from './caller-conditions.ts'
import { inputConditions } from './input-conditions.ts'
import { explained, type Question } from './judge.ts'
import { keyQuestionOfRead } from './key-of-read.ts'
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

/** Why something is allowed or denied, by the resource that was asked about and by the KMS key behind it. */
export interface ExplainedAccess extends Explanation {
  /** What the key of a secret says to a read of it, which is denied where either denies. */
  readonly key?: Explanation
  /** What a KMS key is asked besides, and was not here. */
  readonly notAsked?: string
}

/**
 * Why somebody may or may not do something, with each statement's verdict. Another process may be writing the store; a
 * secret that is not there is judged as if it were about to be made.
 * @throws SecretsError `config_invalid` for a principal that the IAM file does not name, or a policy that is none.
 */
export const explainAccess = async (options: ExplainAccessOptions): Promise<ExplainedAccess> => {
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
    const table = kmsKeysTable(reader)
    if (resource !== undefined && service === 'kms') return explainedKey(asked, resource, { table, options })
    const secrets = secretsTable(reader)
    const access = new SecretAccess({
      secrets,
      facts: new SecretFactsCache({ secrets, policies: policiesTable(reader) }),
    })
    const isRead = action.toLowerCase() === 'secretsmanager:getsecretvalue'
    const { question, found } = await access.question({
      ...asked,
      ...(resource !== undefined && { secretId: resource }),
      // A read that names no version means the current one.
      ...(isRead && { conditions: inputConditions.get({ SecretId: resource ?? '' }) }),
    })
    const policy = options.resourcePolicy === undefined ? undefined : requirePolicy(options.resourcePolicy)
    const guarded = policy ? { ...question, guard: { kind: 'resource', policy } as const } : question
    const ofSecret = explained(withConditions(guarded, options))
    const ofKey = isRead && found && (await keyQuestionOfRead(asked, found, { versions: versionsTable(reader), table }))
    if (ofKey) return both(ofSecret, explained(withConditions(ofKey, options)))
    return { ...ofSecret, ...(sealing.has(action.toLowerCase()) && { notAsked: 'kms:GenerateDataKey' }) }
  })
}

/** What writes a value needs its key too; which one that is, its input may say. */
const sealing: ReadonlySet<string> = new Set(
  ['createsecret', 'putsecretvalue', 'updatesecret'].map((name) => `secretsmanager:${name}`),
)

/** A read needs both; what denies it is told. */
const both = (ofSecret: Explanation, key: Explanation): ExplainedAccess => {
  if (!ofSecret.decision.allowed || key.decision.allowed) return { ...ofSecret, key }
  const { decision, rule, message } = key
  return {
    ...ofSecret,
    decision,
    rule: `the secret's KMS key: ${rule}`,
    ...(message !== undefined && { message }),
    key,
  }
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
  const named = action.slice(action.indexOf(':') + 1).toLowerCase()
  const near = [...actions].filter((one) => one.toLowerCase().endsWith(`:${named}`) || alike(one, action))
  const meant = near.length > 0 ? ` Was ${near.join(' or ')} meant?` : ''
  throw new SecretsError(
    'config_invalid',
    `There is no action ${JSON.stringify(action)} of Secrets Manager or KMS that can be explained.${meant}`,
  )
}

/** Whether one letter or two next to each other are all that is wrong with it. */
const alike = (known: string, given: string): boolean => {
  const [a, b] = [known.toLowerCase(), given.toLowerCase()]
  let begin = 0
  while (begin < b.length && a[begin] === b[begin]) begin += 1
  let end = 0
  while (end < Math.min(a.length, b.length) - begin && a.at(-1 - end) === b.at(-1 - end)) end += 1
  return Math.max(a.length, b.length) - begin - end <= 2
}

interface KeyAsking {
  readonly table: ReturnType<typeof kmsKeysTable>
  readonly options: ExplainAccessOptions
}

const explainedKey = async (asked: Asked, keyId: string, { table, options }: KeyAsking): Promise<ExplainedAccess> => {
  const named = parseKeyId(keyId, asked.caller)
  // An alias is a resource of its own there, which is not there yet where it is to be made.
  if (named && 'alias' in named && aliasActions.has(asked.action.toLowerCase()))
    return { ...explained(withConditions(askedOfAlias(asked, named), options)), notAsked: asked.action }
  const found = await findKey({ kmsKeys: { table } }, keyId, asked.caller)
  if (!found) throw new SecretsError('secret_not_found', `There is no KMS key ${JSON.stringify(keyId)}.`)
  const use = { ...found, operation: asked.action.slice('kms:'.length) }
  return explained(withConditions(await keyQuestion({ ...asked, table }, use), options))
}

type Asked = Pick<Question, 'caller' | 'nowMs' | 'action'>

const aliasActions: ReadonlySet<string> = new Set(['kms:createalias', 'kms:updatealias', 'kms:deletealias'])

const askedOfAlias = (
  asked: Asked,
  { alias, account, region }: Extract<NamedKey, { readonly alias: string }>,
): Question => {
  const resource = aliasArn(alias, { account, region })
  const conditions = { 'kms:CallerAccount': asked.caller.account }
  return { ...asked, resource, resourceAccount: account, asSent: resource, conditions }
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
  if (iam.accounts.has(account)) return rootIdentity(account)
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
