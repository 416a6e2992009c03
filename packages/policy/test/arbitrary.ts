import * as fc from 'fast-check'
import type { AccessRequest, Conditions, Policies, Policy, Principal, Statement } from '../src/index.ts'
import { requestContext } from '../src/index.ts'

/** A small world, so that requests and policies meet often. */
const accounts = ['111111111111', '222222222222'] as const
const names = ['ada', 'bob', 'a*'] as const
const actions = ['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue', 'kms:Decrypt'] as const
const keys = ['aws:PrincipalTag/team', 'aws:username', 'aws:TagKeys'] as const

const oneOf = <T>(values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values)

const secretArn = (account: string, name: string): string =>
  `arn:aws:secretsmanager:eu-central-1:${account}:secret:${name}-AbCdEf`

export const principals: fc.Arbitrary<Principal> = fc
  .record({
    kind: oneOf(['user', 'role-session', 'root', 'service'] as const),
    account: oneOf(accounts),
    name: oneOf(['ada', 'bob']),
  })
  .map(({ kind, account, name }) => {
    if (kind === 'service') return { kind, service: 'lambda.amazonaws.com' }
    if (kind === 'root') return { kind, account, arn: `arn:aws:iam::${account}:root` }
    if (kind === 'user') return { kind, account, arn: `arn:aws:iam::${account}:user/${name}` }
    const arn = `arn:aws:sts::${account}:assumed-role/${name}/s1`
    return { kind, account, arn, roleArn: `arn:aws:iam::${account}:role/${name}` }
  })

export const requests: fc.Arbitrary<AccessRequest> = fc
  .record({
    principal: principals,
    action: oneOf(actions),
    owner: oneOf(accounts),
    name: oneOf(names),
    team: fc.option(oneOf(['pay', '*']), { nil: undefined }),
    username: fc.option(oneOf(names), { nil: undefined }),
    tags: fc.array(oneOf(['pay', 'web', '']), { maxLength: 2 }),
  })
  .map(({ principal, action, owner, name, team, username, tags }) => ({
    principal,
    action,
    resource: secretArn(owner, name),
    resourceAccount: owner,
    context: requestContext({ [keys[0]]: team, [keys[1]]: username, [keys[2]]: tags }),
  }))

export const conditions: fc.Arbitrary<Conditions> = fc.dictionary(
  fc
    .tuple(
      oneOf(['', 'ForAllValues:', 'ForAnyValue:']),
      oneOf(['StringEquals', 'StringNotEquals', 'StringLike', 'StringNotLike', 'StringEqualsIgnoreCase']),
      oneOf(['', 'IfExists']),
    )
    .map((parts) => parts.join('')),
  fc.dictionary(
    oneOf(keys),
    fc.array(oneOf(['pay', 'p*', '*', '${aws:username}', 'web']), { minLength: 1, maxLength: 2 }),
    {
      maxKeys: 2,
    },
  ),
  { maxKeys: 2 },
)

const named = fc.array(
  fc
    .tuple(oneOf(accounts), oneOf(['ada', 'bob']), oneOf(['root', 'digits', 'user', 'role', 'session'] as const))
    .map(([account, name, form]) => {
      if (form === 'digits') return account
      if (form === 'root') return `arn:aws:iam::${account}:root`
      if (form === 'session') return `arn:aws:sts::${account}:assumed-role/${name}/s1`
      return `arn:aws:iam::${account}:${form}/${name}`
    }),
  { minLength: 1, maxLength: 3 },
)

const elements = fc.record({
  Effect: fc.constantFrom('Allow' as const, 'Allow' as const, 'Deny' as const),
  actions: fc.array(oneOf(['*', 'secretsmanager:*', 'SECRETSMANAGER:get*', ...actions]), {
    minLength: 1,
    maxLength: 2,
  }),
  notAction: fc.boolean(),
  resources: fc.array(
    oneOf(['*', secretArn('*', 'ada'), secretArn(accounts[0], '*'), secretArn('*', '${aws:username}')]),
    { minLength: 1, maxLength: 2 },
  ),
  notResource: fc.boolean(),
  Condition: fc.option(conditions, { nil: undefined, freq: 2 }),
})

type Elements = typeof elements extends fc.Arbitrary<infer Given> ? Given : never

const statementOf = ({ Effect, actions, notAction, resources, notResource, Condition }: Elements): Statement => ({
  Effect,
  ...(notAction ? { NotAction: actions } : { Action: actions }),
  ...(notResource ? { NotResource: resources } : { Resource: resources }),
  ...(Condition === undefined ? {} : { Condition }),
})

const ownStatement = elements.map(statementOf)

const forms = oneOf(['anyone', 'named', 'named', 'service', 'not'] as const)

const guarding = ([statement, form, AWS]: readonly [Statement, string, readonly string[]]): Statement => {
  if (form === 'anyone') return { ...statement, Principal: '*' }
  if (form === 'service') return { ...statement, Principal: { Service: ['lambda.amazonaws.com'] } }
  if (form === 'not') return { ...statement, Effect: 'Deny', NotPrincipal: { AWS } }
  return { ...statement, Principal: { AWS } }
}

const guardStatement = fc.tuple(ownStatement, forms, named).map(guarding)

const policyWith = (statements: fc.Arbitrary<Statement>): fc.Arbitrary<Policy> =>
  fc.record({
    Version: oneOf(['2012-10-17', '2012-10-17', '2008-10-17'] as const),
    Statement: fc.array(statements, { minLength: 1, maxLength: 3 }),
  })

/** Policies of identities, boundaries and sessions. */
export const ownPolicies: fc.Arbitrary<Policy> = policyWith(ownStatement)

/** Policies of resources. */
export const guardPolicies: fc.Arbitrary<Policy> = policyWith(guardStatement)

const parts = fc.record({
  identity: fc.array(ownPolicies, { maxLength: 2 }),
  boundary: fc.option(ownPolicies, { nil: undefined, freq: 1 }),
  session: fc.array(ownPolicies, { maxLength: 2 }),
  guard: fc.option(guardPolicies, { nil: undefined, freq: 3 }),
  kind: oneOf(['resource', 'resource', 'key'] as const),
})

type Parts = typeof parts extends fc.Arbitrary<infer Given> ? Given : never

const policiesOf = ({ identity, boundary, session, guard, kind }: Parts): Policies => ({
  identity: identity.map((policy, index) => ({ name: `policy-${index}`, policy })),
  ...(boundary === undefined ? {} : { boundary }),
  session,
  ...(guard === undefined ? {} : { resource: { kind, policy: guard } }),
})

export const policies: fc.Arbitrary<Policies> = parts.map(policiesOf)
