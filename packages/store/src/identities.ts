import { SecretsError } from '@keyplane/core'

/** Who stands behind an access key. */
export interface Identity {
  /** ARN. */
  readonly principal: string
  readonly account: string
  readonly secretAccessKey: string
}

/** The access keys that a store knows. */
export interface Identities {
  readonly account: string
  find(accessKeyId: string): Identity | undefined
}

/**
 * Identities from an IAM file: `{ "account": "000000000000", "users": [{ "name", "accessKeys": [{ "accessKeyId",
 * "secretAccessKey" }] }] }`.
 * @throws SecretsError `config_invalid` with every problem of the file, each with its path; never a key.
 */
export const parseIdentities = (json: string): Identities => {
  const problems: string[] = []
  const file = record(parsed(json), 'the file', ['account', 'users'], problems)
  const account = matching(file['account'], 'account', /^\d{12}$/, 'twelve digits in quotes', problems)
  const found = new Map<string, Identity>()
  const names = new Set<string>()
  for (const [index, user] of list(file['users'], 'users', problems).entries()) {
    const at = `users[${index}]`
    const { name, accessKeys } = record(user, at, ['name', 'accessKeys'], problems)
    const userName = matching(name, `${at}.name`, /^[\w+=,.@-]{1,64}$/, '1–64 letters, digits or +=,.@_-', problems)
    if (names.has(userName)) problems.push(`${at}.name is there twice`)
    names.add(userName)
    const principal = `arn:aws:iam::${account}:user/${userName}`
    for (const [keyIndex, key] of list(accessKeys, `${at}.accessKeys`, problems).entries())
      addKey(key, `${at}.accessKeys[${keyIndex}]`, { found, principal, account }, problems)
  }
  if (problems.length > 0)
    throw new SecretsError('config_invalid', `The IAM file is not valid: ${problems.join('; ')}.`)
  return Object.freeze({ account, find: (accessKeyId: string) => found.get(accessKeyId) })
}

interface Owner {
  readonly found: Map<string, Identity>
  readonly principal: string
  readonly account: string
}

const addKey = (key: unknown, at: string, { found, principal, account }: Owner, problems: string[]): void => {
  const given = record(key, at, ['accessKeyId', 'secretAccessKey'], problems)
  const id = matching(given['accessKeyId'], `${at}.accessKeyId`, /^\w{16,128}$/, '16–128 letters or digits', problems)
  const secretAccessKey = matching(
    given['secretAccessKey'],
    `${at}.secretAccessKey`,
    /^[!-~]{16,128}$/,
    '16–128 printable characters without spaces',
    problems,
  )
  if (found.has(id)) problems.push(`${at}.accessKeyId is there twice`)
  found.set(id, Object.freeze({ principal, account, secretAccessKey }))
}

const parsed = (json: string): unknown => {
  try {
    return JSON.parse(json)
  } catch {
    // JSON.parse's own message quotes the file, keys included.
    throw new SecretsError('config_invalid', 'The IAM file is not valid JSON.')
  }
}

const record = (
  value: unknown,
  at: string,
  known: readonly string[],
  problems: string[],
): Readonly<Record<string, unknown>> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    problems.push(`${at} is not an object`)
    return {}
  }
  for (const key of Object.keys(value))
    if (!known.includes(key))
      problems.push(`${at} has an unknown member ${JSON.stringify(key)}; known: ${known.join(', ')}`)
  return value as Record<string, unknown>
}

const list = (value: unknown, at: string, problems: string[]): readonly unknown[] => {
  if (Array.isArray(value)) return value
  problems.push(`${at} is not a list`)
  return []
}

const matching = (value: unknown, at: string, pattern: RegExp, wanted: string, problems: string[]): string => {
  if (typeof value === 'string' && pattern.test(value)) return value
  problems.push(`${at} has to be ${wanted}`)
  return ''
}
