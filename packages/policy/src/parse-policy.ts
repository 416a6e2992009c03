import type { Policy, PolicyVersion, Statement } from './document.ts'
import { objectAt, type PolicyProblem } from './parse/problems.ts'
import { repeatedMembers } from './parse/repeated-members.ts'
import { type PolicyKind, statementAt } from './parse/statement.ts'

/** A policy, or all that is wrong with it. */
export type ParsedPolicy =
  | { readonly ok: true; readonly policy: Policy }
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] }

/**
 * Characters of the JSON. A secret's policy and a key's are limited; the others are limited by IAM where they are stored.
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
 */
const maxCharacters: Readonly<Record<PolicyKind, number>> = {
  identity: 131_072,
  resource: 20_480,
  key: 32_768,
  trust: 131_072,
}

/** A frozen policy from JSON text, or from what `JSON.parse` gives. Text is checked more: a member may not be there twice. */
export const parsePolicy = (document: unknown, kind: PolicyKind): ParsedPolicy => {
  const problems: PolicyProblem[] = []
  const report = (path: string, message: string): void => void problems.push({ path, message })
  if (sizeOf(document) > maxCharacters[kind]) report('', `has more than ${maxCharacters[kind]} characters`)
  const value = problems.length === 0 && typeof document === 'string' ? valueOf(document, report) : document
  const policy = problems.length === 0 ? policyOf(value, kind, report) : undefined
  return policy === undefined || problems.length > 0 ? { ok: false, problems } : { ok: true, policy: frozen(policy) }
}

type Report = (path: string, message: string) => void

const sizeOf = (document: unknown): number =>
  typeof document === 'string' ? document.length : (JSON.stringify(document) ?? '').length

const valueOf = (json: string, report: Report): unknown => {
  try {
    const value: unknown = JSON.parse(json)
    for (const path of repeatedMembers(json)) report(path, 'is there twice')
    return value
  } catch {
    // JSON.parse's own message quotes the document.
    report('', 'is not valid JSON')
    return undefined
  }
}

const policyOf = (value: unknown, kind: PolicyKind, report: Report): Policy | undefined => {
  const given = objectAt(value, '', ['Version', 'Id', 'Statement'], report)
  if (given === undefined) return undefined
  const { Version, Id } = given
  if (Version !== undefined && Version !== '2012-10-17' && Version !== '2008-10-17')
    report('Version', 'has to be 2012-10-17 or 2008-10-17')
  if (Id !== undefined && typeof Id !== 'string') report('Id', 'has to be text')
  const context = { kind, report, variables: Version === '2012-10-17' }
  const list: readonly unknown[] = Array.isArray(given['Statement']) ? given['Statement'] : [given['Statement']]
  if (list.length === 0 || given['Statement'] === undefined) {
    report('Statement', 'has to have at least one statement')
    return undefined
  }
  const statements = list.map((item, index) =>
    statementAt(item, Array.isArray(given['Statement']) ? `Statement[${index}]` : 'Statement', context),
  )
  reportRepeatedSids(statements, report)
  return {
    ...(Version === undefined ? {} : { Version: Version as PolicyVersion }),
    ...(typeof Id === 'string' ? { Id } : {}),
    Statement: statements.filter((statement) => statement !== undefined),
  }
}

const reportRepeatedSids = (statements: readonly (Statement | undefined)[], report: Report): void => {
  const seen = new Set<string>()
  for (const [index, statement] of statements.entries()) {
    const sid = statement?.Sid
    if (sid === undefined || sid === '') continue
    if (seen.has(sid)) report(`Statement[${index}].Sid`, 'is the Sid of another statement too')
    seen.add(sid)
  }
}

const frozen = <T>(value: T): T => {
  if (typeof value !== 'object' || value === null) return value
  for (const inner of Object.values(value)) frozen(inner)
  return Object.freeze(value)
}
