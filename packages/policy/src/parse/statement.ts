import type { Statement } from '../document.ts'
import { conditionsAt } from './conditions.ts'
import { actionsAt, type ElementContext, resourcesAt } from './elements.ts'
import { principalsAt } from './principals.ts'
import { objectAt } from './problems.ts'

/** Whose policy it is: an identity's (or a boundary, or a session's), a secret's, a KMS key's, or a role's own. */
export type PolicyKind = 'identity' | 'resource' | 'key' | 'trust'

export interface StatementContext extends ElementContext {
  readonly kind: PolicyKind
}

const members = [
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
] as const

type Pair = 'Principal' | 'Action' | 'Resource'

/** Which pairs of elements a statement has to have, and which it may not have. */
const pairs: Readonly<Record<PolicyKind, Readonly<Record<Pair, 'wanted' | 'refused'>>>> = {
  identity: { Principal: 'refused', Action: 'wanted', Resource: 'wanted' },
  resource: { Principal: 'wanted', Action: 'wanted', Resource: 'wanted' },
  key: { Principal: 'wanted', Action: 'wanted', Resource: 'wanted' },
  trust: { Principal: 'wanted', Action: 'wanted', Resource: 'refused' },
}

/** One statement; what is wrong with it is reported. */
export const statementAt = (value: unknown, path: string, context: StatementContext): Statement | undefined => {
  const { report } = context
  const given = objectAt(value, path, members, report)
  if (given === undefined) return undefined
  const { Effect } = given
  if (Effect !== 'Allow' && Effect !== 'Deny') report(`${path}.Effect`, 'has to be Allow or Deny')
  checkPairs(given, path, context)
  checkSid(given['Sid'], `${path}.Sid`, context)
  checkTrust(given, path, context)
  const read = <T>(name: string, at: (value: unknown, path: string) => T | undefined): Record<string, T> => {
    const element = given[name] === undefined ? undefined : at(given[name], `${path}.${name}`)
    return element === undefined ? {} : { [name]: element }
  }
  const [principals, actions, resources] = [
    (element: unknown, at: string) => principalsAt(element, at, report),
    (element: unknown, at: string) => actionsAt(element, at, context),
    (element: unknown, at: string) => resourcesAt(element, at, context),
  ]
  return {
    ...(typeof given['Sid'] === 'string' ? { Sid: given['Sid'] } : {}),
    Effect: Effect as Statement['Effect'],
    ...read('Principal', principals),
    ...read('NotPrincipal', principals),
    ...read('Action', actions),
    ...read('NotAction', actions),
    ...read('Resource', resources),
    ...read('NotResource', resources),
    ...read('Condition', (element, at) => conditionsAt(element, at, context)),
  }
}

type Given = Readonly<Record<string, unknown>>

const checkPairs = (given: Given, path: string, { kind, report }: StatementContext): void => {
  for (const [name, rule] of Object.entries(pairs[kind])) {
    const [plain, negated] = [given[name], given[`Not${name}`]].map((element) => element !== undefined)
    if (rule === 'refused' && (plain || negated)) report(path, `may not have ${name} or Not${name}`)
    else if (plain && negated) report(path, `may not have both ${name} and Not${name}`)
    else if (rule === 'wanted' && !plain && !negated) report(path, `has to have ${name} or Not${name}`)
    if (negated && Array.isArray(given[`Not${name}`]) && (given[`Not${name}`] as readonly unknown[]).length === 0)
      report(`${path}.Not${name}`, 'may not be empty')
  }
  if (given['NotPrincipal'] !== undefined && given['Effect'] === 'Allow')
    report(`${path}.NotPrincipal`, 'is possible with Deny only')
}

const checkSid = (sid: unknown, path: string, { kind, report }: StatementContext): void => {
  if (sid === undefined) return
  if (typeof sid !== 'string') report(path, 'has to be text')
  else if ((kind === 'identity' || kind === 'trust') && !/^[a-z0-9]*$/i.test(sid))
    report(path, 'may have letters and digits only')
}

const checkTrust = (given: Given, path: string, { kind, report }: StatementContext): void => {
  if (kind !== 'trust') return
  if (given['NotPrincipal'] !== undefined) report(`${path}.NotPrincipal`, 'is not possible for a role')
  const actions = [given['Action'] ?? []].flat()
  if (actions.some((action) => typeof action === 'string' && !/^sts:/i.test(action)))
    report(`${path}.Action`, 'has to be of sts')
}
