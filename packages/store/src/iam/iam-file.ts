import { SecretsError } from '@keyplane/core'
import { type Policy, repeatedMembers } from '@keyplane/policy'
import { AccountReader, accountMembers } from './account-reader.ts'
import type { Credential, Iam, Identity, IdentityProvider, Role } from './identity.ts'
import { Problems } from './strict-json.ts'

const accountId = { pattern: /^\d{12}$/, wanted: 'twelve digits in quotes' }

/**
 * The callers that an IAM file names: one account (`{ "account": "000000000000", "users": […], … }`), or several
 * (`{ "accounts": { "111111111111": { "users": […], … } } }`).
 * @throws SecretsError `config_invalid` with every problem of the file, each with its place; never a key.
 */
export const parseIam = (json: string): Iam => {
  const problems = new Problems()
  const iam = {
    accounts: new Set<string>(),
    accessKeys: new Map<string, Credential>(),
    roles: new Map<string, Role>(),
    users: new Map<string, Identity>(),
    policies: new Map<string, Policy>(),
    identityProviders: [] as IdentityProvider[],
  }
  const file = parsed(json)
  for (const place of repeatedMembers(json)) problems.add(place, 'is there twice')
  for (const { id, at, members } of accountsOf(file, problems)) {
    iam.accounts.add(id)
    new AccountReader(id, at, problems, iam).read(members)
  }
  if (problems.found.length > 0)
    throw new SecretsError('config_invalid', `The IAM file is not valid: ${problems.found.join('; ')}.`)
  return Object.freeze(iam)
}

interface FoundAccount {
  readonly id: string
  /** Its place in the file. */
  readonly at: string
  readonly members: Readonly<Record<string, unknown>>
}

const accountsOf = (file: unknown, problems: Problems): FoundAccount[] => {
  const hasMany = typeof file === 'object' && file !== null && 'accounts' in file
  const members = problems.object(file, '', hasMany ? ['accounts'] : ['account', ...accountMembers])
  if (!hasMany) return [{ id: problems.text(members['account'], 'account', accountId), at: '', members }]
  return Object.entries(problems.entries(members['accounts'], 'accounts')).map(([id, account]) => {
    const at = `accounts[${JSON.stringify(id)}]`
    problems.text(id, at, accountId)
    return { id, at: `${at}.`, members: problems.object(account, at, accountMembers) }
  })
}

const parsed = (json: string): unknown => {
  try {
    return JSON.parse(json)
  } catch {
    // JSON.parse's own message quotes the file, keys included.
    throw new SecretsError('config_invalid', 'The IAM file is not valid JSON.')
  }
}
