import type { AccessRequest, KeyGrant, Policies, Policy, Principal, ResourceGuard } from '@keyplane/policy'
import fc from 'fast-check'
import { conditionsArbitrary, contextArbitrary } from './condition-cases.ts'
import { policyArbitrary, type Shape } from './statement-cases.ts'

/** A question and all policies that bear on it. */
export interface Case {
  readonly request: AccessRequest
  readonly policies: Policies
}

const home = '111122223333'
const abroad = '444455556666'

const callers: readonly Principal[] = [
  { kind: 'user', account: home, arn: `arn:aws:iam::${home}:user/team/alice` },
  { kind: 'user', account: home, arn: `arn:aws:iam::${home}:user/alice` },
  ...['deploy', 'alice@example.com'].map((session) => ({
    kind: 'role-session' as const,
    account: home,
    arn: `arn:aws:sts::${home}:assumed-role/app/${session}`,
    roleArn: `arn:aws:iam::${home}:role/team/app`,
  })),
  {
    kind: 'role-session',
    account: home,
    arn: `arn:aws:sts::${home}:assumed-role/app/deploy`,
    roleArn: `arn:aws:iam::${home}:role/app`,
  },
  { kind: 'root', account: home, arn: `arn:aws:iam::${home}:root` },
  { kind: 'root', account: home, arn: `arn:aws:iam::${home}:root` },
  { kind: 'service', service: 'secretsmanager.amazonaws.com' },
  { kind: 'federated', provider: `arn:aws:iam::${home}:oidc-provider/token.example.com` },
  { kind: 'federated', provider: 'accounts.google.com' },
]

type GuardKind = 'none' | ResourceGuard['kind']

const questions: Readonly<
  Record<GuardKind, { readonly actions: readonly string[]; readonly resource: (account: string) => string }>
> = {
  none: { actions: ['secretsmanager:ListSecrets', 'secretsmanager:GetRandomPassword'], resource: () => '*' },
  resource: {
    actions: ['secretsmanager:GetSecretValue', 'secretsmanager:DeleteSecret'],
    resource: (account) => `arn:aws:secretsmanager:eu-west-1:${account}:secret:prod/alice-AbCdEf`,
  },
  key: {
    actions: ['kms:Decrypt', 'kms:GenerateDataKey', 'kms:DescribeKey', 'kms:RetireGrant', 'kms:CreateGrant'],
    resource: (account) => `arn:aws:kms:eu-west-1:${account}:key/1234abcd-alice`,
  },
  trust: { actions: ['sts:AssumeRole', 'sts:TagSession'], resource: (account) => `arn:aws:iam::${account}:role/alice` },
}

/** Whose resource: most often the caller's own. */
const request: fc.Arbitrary<{ readonly request: AccessRequest; readonly kind: GuardKind }> = fc
  .record({
    principal: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...callers.slice(0, 5)) },
      { weight: 2, arbitrary: fc.constantFrom(...callers.slice(5)) },
    ),
    kind: fc.constantFrom<GuardKind>('none', 'resource', 'resource', 'key', 'key', 'key', 'trust', 'trust'),
    far: fc.integer({ min: 0, max: 4 }).map((n) => n > 2),
    choice: fc.nat(),
    unguarded: fc.boolean(),
    context: contextArbitrary,
  })
  .map(({ principal, kind, far, choice, unguarded, context }) => {
    const { actions, resource } = questions[kind]
    const account = far && kind !== 'none' ? abroad : home
    const action = actions[choice % actions.length] ?? ''
    // A secret without a policy of its own, too.
    const found: GuardKind = kind === 'resource' && unguarded && choice % 3 === 0 ? 'none' : kind
    return {
      kind: found,
      request: { principal, action, resource: resource(account), resourceAccount: account, context },
    }
  })

const grantees = (caller: Principal): readonly string[] => {
  if (caller.kind === 'service') return [caller.service]
  if (caller.kind === 'federated') return []
  const role = caller.kind === 'role-session' ? [caller.roleArn, caller.roleArn] : []
  return [caller.arn, `arn:aws:iam::${caller.account}:root`, ...role]
}

const grant = ({ principal, action }: AccessRequest): fc.Arbitrary<KeyGrant> => {
  const own = grantees(principal)
  const operation = action.replace('kms:', '')
  const pairs = fc.constantFrom<Record<string, string>>(
    { SecretARN: 'the SecretARN', SecretVersionId: 'the SecretVersionId' },
    { SecretARN: 'the SecretARN' },
    { SecretVersionId: 'the SecretVersionId' },
    { SecretARN: 'another' },
    { secretarn: 'the SecretARN' },
  )
  return fc.record(
    {
      granteePrincipal: fc.constantFrom(...own, ...own, `arn:aws:iam::${home}:user/bob`),
      operations: fc.constantFrom([operation], [operation, 'Encrypt'], ['Encrypt'], ['Encrypt', operation]),
      constraints: fc.oneof(
        fc.record({ encryptionContextEquals: pairs }),
        fc.record({ encryptionContextSubset: pairs }),
        fc.constant({}),
      ),
    },
    { requiredKeys: ['granteePrincipal', 'operations'] },
  )
}

const guardArbitrary = (kind: GuardKind, shape: Shape): fc.Arbitrary<ResourceGuard | undefined> => {
  if (kind === 'none') return fc.constant(undefined)
  if (kind === 'trust') return policyArbitrary({ ...shape, kind: 'trust' }).map((policy) => ({ kind, policy }))
  const policy = policyArbitrary({ ...shape, kind: 'resource' })
  if (kind === 'resource') return policy.map((one) => ({ kind, policy: one }))
  return fc.record(
    { kind: fc.constant(kind), policy, grants: fc.array(grant(shape.request), { maxLength: 2 }) },
    { requiredKeys: ['kind', 'policy'] },
  )
}

const policiesArbitrary = (kind: GuardKind, shape: Shape): fc.Arbitrary<Policies> => {
  const { principal } = shape.request
  const entity = principal.kind === 'user' || principal.kind === 'role-session'
  const own = policyArbitrary({ ...shape, kind: 'own' })
  // What limits a caller has to fall short of its permissions often enough.
  const limit = policyArbitrary({ ...shape, kind: 'own', fitting: shape.fitting - 30 })
  return fc
    .record({
      identity: entity ? fc.array(own, { maxLength: 2 }) : fc.constant([]),
      boundary: entity ? fc.option(limit, { freq: 2, nil: undefined }) : fc.constant(undefined),
      session: principal.kind === 'role-session' ? fc.array(limit, { maxLength: 2 }) : fc.constant([]),
      resource: guardArbitrary(kind, shape),
    })
    .map(policiesOf)
}

interface Attached {
  readonly identity: readonly Policy[]
  readonly boundary: Policy | undefined
  readonly session: readonly Policy[]
  readonly resource: ResourceGuard | undefined
}

const policiesOf = ({ identity, boundary, session, resource }: Attached): Policies => ({
  identity: identity.map((policy, at) => ({ name: `identity ${at}`, policy })),
  ...(boundary === undefined ? {} : { boundary }),
  ...(session.length === 0 ? {} : { session }),
  ...(resource === undefined ? {} : { resource }),
})

/** Many policies of plain statements: which of them decides. */
const structure: fc.Arbitrary<Case> = request.chain(({ request: asked, kind }) =>
  policiesArbitrary(kind, { request: asked, kind: 'own', conditioned: 6, denying: 7, fitting: 75 }).map((policies) => ({
    request: asked,
    policies,
  })),
)

/** One statement that allows everything on conditions: they decide. */
const conditioned: fc.Arbitrary<Case> = fc
  .tuple(
    contextArbitrary,
    conditionsArbitrary,
    fc.constantFrom('2012-10-17' as const, '2012-10-17' as const, undefined),
  )
  .map(([context, conditions, version]) => oneStatement(context, { Condition: conditions }, version))

/** One statement: its patterns decide. */
const patterns: fc.Arbitrary<Case> = request
  .filter(({ kind }) => kind !== 'trust')
  .chain(({ request: asked }) =>
    policyArbitrary({ request: asked, kind: 'own', conditioned: 0, denying: 0, fitting: 50 }).map((policy) => ({
      request: { ...asked, principal: callers[0] as Principal, resourceAccount: home },
      policies: { identity: [{ name: 'only', policy }] },
    })),
  )

const oneStatement = (context: AccessRequest['context'], extra: object, version: '2012-10-17' | undefined): Case => ({
  request: {
    principal: callers[0] as Principal,
    action: 'secretsmanager:GetSecretValue',
    resource: questions.resource.resource(home),
    resourceAccount: home,
    context,
  },
  policies: {
    identity: [
      {
        name: 'only',
        policy: {
          ...(version === undefined ? {} : { Version: version }),
          Statement: [{ Effect: 'Allow', Action: ['*'], Resource: ['*'], ...extra }],
        },
      },
    ],
  },
})

export const caseArbitrary: fc.Arbitrary<Case> = fc.oneof(
  { weight: 9, arbitrary: structure },
  { weight: 4, arbitrary: conditioned },
  { weight: 2, arbitrary: patterns },
)
