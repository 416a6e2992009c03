import type {
  AccessRequest,
  Conditions,
  NamedPrincipals,
  Policy,
  PolicyVersion,
  Principal,
  Principals,
  Statement,
} from '@keyplane/policy'
import fc from 'fast-check'
import { conditionsArbitrary } from './condition-cases.ts'

/** How a policy is made for a request, so that its statements often apply. */
export interface Shape {
  readonly request: AccessRequest
  readonly kind: 'own' | 'resource' | 'trust'
  /** How many statements of a hundred have conditions. */
  readonly conditioned: number
  /** How many statements of a hundred deny. */
  readonly denying: number
  /** How many patterns of a hundred are meant to match. */
  readonly fitting: number
}

const percent = (share: number): fc.Arbitrary<boolean> => fc.integer({ min: 0, max: 99 }).map((n) => n >= 100 - share)

const fits = (shape: Shape, hits: readonly string[], misses: readonly string[]): fc.Arbitrary<readonly string[]> => {
  const one = fc.oneof(
    { weight: shape.fitting, arbitrary: fc.constantFrom(...hits) },
    { weight: 100 - shape.fitting, arbitrary: fc.constantFrom(...misses) },
  )
  return fc.uniqueArray(one, { minLength: 1, maxLength: 2 })
}

const actions = (shape: Shape): fc.Arbitrary<readonly string[]> => {
  const [service = '', name = ''] = shape.request.action.split(':')
  const other = service === 'kms' ? 'sts' : 'kms'
  const hits = [
    `${service}:${name}`,
    `${service}:${name.slice(0, 3)}*`,
    `${service}:*`,
    '*',
    `${service}:?${name.slice(1)}`,
  ]
  const odd = [`${service}:${name.toUpperCase()}`, `${service.toUpperCase()}:*${name.slice(-4)}`]
  const misses = [
    `${other}:*`,
    `${service}:${name}?`,
    `${service}:${name.slice(0, 3)}`,
    `${service}:Put*`,
    `${other}:${name}`,
  ]
  return fits(shape, [...hits, ...odd], misses)
}

const resources = (shape: Shape): fc.Arbitrary<readonly string[]> => {
  const { resource } = shape.request
  if (resource === '*') return fits(shape, ['*', '*'], ['arn:aws:secretsmanager:*:*:secret:*'])
  const [, , service = '', region = '', account = '', ...rest] = resource.split(':')
  const end = rest.join(':')
  const ahead = `arn:aws:${service}`
  const hits = [
    resource,
    '*',
    `${ahead}:*:*:${end}`,
    `${ahead}:${region}:${account}:*`,
    `${ahead}:eu-*:1*:${end.slice(0, 5)}*`,
    `${ahead}:eu-west-?:${account}:*${end.slice(-6)}`,
    `${ahead}:${region}:${account}:${end.slice(0, -2)}??`,
    `${ahead}:${region}:${account}:*\${aws:username}*`,
    `arn:*:${service}:*:????????????:*`,
    `${ahead}:${region}:*:${end}`,
    `${ahead}:*:${end}`,
    `${ahead}:*-1:*:*`,
    `arn:a*:${region}:${account}:${end}`,
  ]
  const misses = [
    `${ahead}:us-east-1:${account}:*`,
    `${ahead}:${region}:999900001111:*`,
    `${resource}?`,
    `${resource}/*`,
    `arn:a*s:${region}:${account}:${end}`,
    `${ahead}:eu*${account}:${end}`,
    `${ahead}:${region}?${account}:${end}`,
    `${ahead}:${region}:${account}:Se*`,
    `${ahead}:${region}:${account}:*\${aws:PrincipalTag/none}*`,
    `${ahead}:${region}:${account}:*\${*}*`,
    `${ahead}:${region}:${account}:${end.toUpperCase()}`,
    `${ahead}:${region}:${account}:*:*:*:*`,
  ]
  // "Resource ARNs must include at least" six fields (Access Analyzer's policy checks, "Missing ARN field").
  const whole = (pattern: string): boolean => pattern === '*' || pattern.split(':').length >= 6
  return fits(shape, hits.filter(whole), misses.filter(whole))
}

/** Whom a policy may name to mean the caller, and whom it may name to mean somebody else. */
const names = (
  caller: Principal,
): { readonly own: readonly NamedPrincipals[]; readonly others: readonly NamedPrincipals[] } => {
  const others: NamedPrincipals[] = [
    { AWS: ['arn:aws:iam::111122223333:user/bob'] },
    { AWS: ['arn:aws:iam::999900001111:root', 'arn:aws:sts::111122223333:assumed-role/app/other'] },
    { Service: ['events.amazonaws.com'] },
    { Federated: ['cognito-identity.amazonaws.com'] },
  ]
  const anyone = { AWS: ['*'] }
  if (caller.kind === 'service') return { own: [{ Service: [caller.service] }, anyone], others }
  if (caller.kind === 'federated') return { own: [{ Federated: [caller.provider] }, anyone], others }
  const account = [{ AWS: [`arn:aws:iam::${caller.account}:root`] }, { AWS: [caller.account] }]
  const role = caller.kind === 'role-session' ? [{ AWS: [caller.roleArn] }, { AWS: [caller.roleArn] }] : []
  return { own: [...account, ...account, ...role, { AWS: [caller.arn] }, anyone], others }
}

const principals = (caller: Principal): fc.Arbitrary<Principals> => {
  const { own, others } = names(caller)
  const pair = fc.tuple(fc.constantFrom(...own, ...others), fc.constantFrom(...own, ...others)).map(joined)
  return fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...own) },
    { weight: 4, arbitrary: fc.constantFrom(...others) },
    { weight: 2, arbitrary: pair },
    { weight: 1, arbitrary: fc.constant<Principals>('*') },
  )
}

/** All of a caller's names but at most one, with or without somebody else's. */
const spared = (caller: Principal): fc.Arbitrary<NamedPrincipals> => {
  const { own, others } = names(caller)
  const texts = (named: NamedPrincipals): string => JSON.stringify(named)
  const all = own.filter((one, at) => one.AWS?.[0] !== '*' && own.map(texts).indexOf(texts(one)) === at)
  // An account has two names, of which one is enough: the digits go where the ARN stays.
  const enough = all.filter((one) => !('account' in caller) || one.AWS?.[0] !== caller.account)
  return fc
    .tuple(
      fc.constantFrom(all, enough),
      fc.integer({ min: -2, max: 2 }),
      fc.option(fc.constantFrom(...others), { nil: {} }),
    )
    .map(([named, without, other]) => [...named.filter((_, at) => at !== without), other].reduce(joinTwo, {}))
    .map((named) => (Object.keys(named).length === 0 ? { AWS: ['arn:aws:iam::111122223333:user/bob'] } : named))
}

const joined = ([left, right]: readonly [NamedPrincipals, NamedPrincipals]): NamedPrincipals => joinTwo(left, right)

const joinTwo = (left: NamedPrincipals, right: NamedPrincipals): NamedPrincipals => {
  const both: Record<string, readonly string[]> = {}
  for (const type of ['AWS', 'Service', 'Federated'] as const) {
    const values = [...new Set([...(left[type] ?? []), ...(right[type] ?? [])])]
    if (values.length > 0) both[type] = values
  }
  return both
}

const statement = (shape: Shape): fc.Arbitrary<Statement> =>
  fc
    .record({
      denies: percent(shape.denying),
      action: actions(shape),
      notAction: percent(8),
      resource: resources(shape),
      notResource: percent(8),
      condition: fc.tuple(percent(shape.conditioned), conditionsArbitrary),
      principal: principals(shape.request.principal),
      notPrincipal: fc.tuple(percent(50), spared(shape.request.principal)),
    })
    .map(statementOf(shape.kind))

interface Parts {
  readonly denies: boolean
  readonly action: readonly string[]
  readonly notAction: boolean
  readonly resource: readonly string[]
  readonly notResource: boolean
  readonly condition: readonly [boolean, Conditions]
  readonly principal: Principals
  readonly notPrincipal: readonly [boolean, NamedPrincipals]
}

const statementOf =
  (kind: Shape['kind']) =>
  (parts: Parts): Statement => {
    const [conditioned, conditions] = parts.condition
    const [except, sparing] = parts.notPrincipal
    const who = parts.denies && except ? { NotPrincipal: sparing } : { Principal: parts.principal }
    const what = parts.notResource ? { NotResource: parts.resource } : { Resource: parts.resource }
    return {
      Effect: parts.denies ? 'Deny' : 'Allow',
      ...(kind === 'own' ? {} : who),
      ...(parts.notAction ? { NotAction: parts.action } : { Action: parts.action }),
      ...(kind === 'trust' ? {} : what),
      ...(conditioned ? { Condition: conditions } : {}),
    }
  }

const versions = fc.oneof(
  { weight: 4, arbitrary: fc.constant<PolicyVersion>('2012-10-17') },
  fc.constantFrom<PolicyVersion | undefined>('2008-10-17', undefined),
)

/** A policy of one to three statements, of either version of the language or of none. */
export const policyArbitrary = (shape: Shape): fc.Arbitrary<Policy> =>
  fc.tuple(versions, fc.array(statement(shape), { minLength: 1, maxLength: 3 })).map(policyOf)

const policyOf = ([Version, statements]: readonly [PolicyVersion | undefined, readonly Statement[]]): Policy => ({
  ...(Version === undefined ? {} : { Version }),
  Statement: statements,
})
