import { auditTail, parseIam } from '@keyplane/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { developer as admin, TestStore } from './test-store.ts'

const [owner, consumer] = ['111111111111', '222222222222']
const keys = (name: string) => ({
  accessKeyId: `AKIA${name.toUpperCase().padEnd(16, '0')}`,
  secretAccessKey: `${name}-secret-access-key`,
})
const allow = (Action: unknown, more: object = {}) => ({ Effect: 'Allow', Action, Resource: '*', ...more })
const deny = (Action: unknown, more: object = {}) => ({ Effect: 'Deny', Action, Resource: '*', ...more })
const policy = (...Statement: unknown[]) => ({ Version: '2012-10-17', Statement })
const get = 'secretsmanager:GetSecretValue'
const arnOf = (name: string) => `arn:aws:secretsmanager:*:*:secret:${name}`

/** One user of the owner's for each way to be allowed or not. */
const users: Record<string, readonly unknown[]> = {
  reader: [policy(allow(get, { Resource: arnOf('app/*') }))],
  sixmarks: [policy(allow('secretsmanager:*', { Resource: arnOf('team/new-??????') }))],
  bytag: [
    policy(
      allow(get, { Condition: { StringEquals: { 'secretsmanager:ResourceTag/team': '${aws:PrincipalTag/team}' } } }),
    ),
  ],
  current: [
    policy(allow(get, { Condition: { 'ForAnyValue:StringEquals': { 'secretsmanager:VersionStage': 'AWSCURRENT' } } })),
  ],
  creator: [
    policy(
      allow(['secretsmanager:CreateSecret', 'secretsmanager:TagResource'], {
        Condition: {
          StringEquals: { 'aws:RequestTag/team': 'pay' },
          'ForAllValues:StringEquals': { 'aws:TagKeys': ['team'] },
        },
      }),
    ),
  ],
  fromhere: [policy(allow(get, { Condition: { IpAddress: { 'aws:SourceIp': '127.0.0.0/8' } } }))],
  fromafar: [policy(allow(get, { Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }))],
  overtls: [policy(allow(get), deny('*', { Condition: { Bool: { 'aws:SecureTransport': 'false' } } }))],
  nodelete: [
    policy(
      allow('*'),
      deny('secretsmanager:DeleteSecret', {
        Condition: { Bool: { 'secretsmanager:ForceDeleteWithoutRecovery': 'true' } },
      }),
    ),
  ],
  lists: [policy(allow('secretsmanager:BatchGetSecretValue'), allow(get, { Resource: arnOf('app/one-*') }))],
}

const iam = parseIam(
  JSON.stringify({
    accounts: {
      [owner]: {
        users: [
          { name: 'admin', accessKeys: [admin], policies: ['AdministratorAccess'] },
          {
            name: 'bounded',
            accessKeys: [keys('bounded')],
            policies: ['AdministratorAccess'],
            permissionsBoundary: policy(allow('secretsmanager:ListSecrets')),
          },
          ...Object.entries(users).map(([name, policies]) => ({
            name,
            accessKeys: [keys(name)],
            policies,
            tags: { team: 'pay' },
          })),
        ],
      },
      [consumer]: {
        users: [
          { name: 'partner', accessKeys: [keys('partner')], policies: [policy(allow(get))] },
          { name: 'nobody', accessKeys: [keys('nobody')], policies: [] },
        ],
      },
    },
  }),
)

const store = new TestStore()
let arn: string
beforeAll(async () => {
  await store.start({ iam })
  arn = (await store.ok('CreateSecret', { Name: 'app/one', SecretString: 'v', Tags: [{ Key: 'team', Value: 'pay' }] }))
    .ARN
  await store.ok('CreateSecret', { Name: 'app/two', SecretString: 'v', Tags: [{ Key: 'team', Value: 'ship' }] })
  await store.ok('CreateSecret', { Name: 'other', SecretString: 'v' })
})
afterAll(() => store.remove())

const as = (name: string) => ({ credentials: name === 'admin' ? admin : keys(name) })
const refusal = async (name: string, operation: string, input: object): Promise<string> => {
  const { status, body } = await store.call(operation, input, as(name))
  return status === 200 ? '' : `${body.__type}: ${body.Message ?? body.message}`
}
const denied = (name: string, action: string, id: string, why: string, account = owner): string =>
  `AccessDeniedException: User: arn:aws:iam::${account}:user/${name} is not authorized to perform: ${action} on resource: ${id} ${why}`
const noIdentity = (action: string): string => `because no identity-based policy allows the ${action} action`

describe('a user', () => {
  it('may do what his policies allow, and nothing else', async () => {
    expect(await refusal('reader', 'GetSecretValue', { SecretId: 'app/one' })).toBe('')
    expect(await refusal('reader', 'GetSecretValue', { SecretId: arn })).toBe('')
    expect(await refusal('reader', 'GetSecretValue', { SecretId: 'other' })).toBe(
      denied('reader', get, 'other', noIdentity(get)),
    )
    expect(await refusal('reader', 'PutSecretValue', { SecretId: 'app/one', SecretString: 'w' })).toContain(
      'is not authorized to perform: secretsmanager:PutSecretValue on resource: app/one because no identity-based policy',
    )
  })

  it('is not told whether there is a secret that he may not read', async () => {
    expect(await refusal('reader', 'GetSecretValue', { SecretId: 'nowhere' })).toBe(
      denied('reader', get, 'nowhere', noIdentity(get)),
    )
    expect(await refusal('reader', 'GetSecretValue', { SecretId: 'app/nowhere' })).toMatch(/^ResourceNotFoundException/)
  })

  it('may make a secret whose ARN is allowed by six marks in place of its end', async () => {
    expect(await refusal('sixmarks', 'CreateSecret', { Name: 'team/new', SecretString: 'v' })).toBe('')
    expect(await refusal('sixmarks', 'GetSecretValue', { SecretId: 'team/new' })).toBe('')
    expect(await refusal('sixmarks', 'CreateSecret', { Name: 'team/newer', SecretString: 'v' })).toMatch(
      /^AccessDenied/,
    )
  })

  it('may read secrets with the tag that he has himself', async () => {
    expect(await refusal('bytag', 'GetSecretValue', { SecretId: 'app/one' })).toBe('')
    expect(await refusal('bytag', 'GetSecretValue', { SecretId: 'app/two' })).toMatch(/^AccessDenied/)
    expect(await refusal('bytag', 'GetSecretValue', { SecretId: 'other' })).toMatch(/^AccessDenied/)
  })

  it('is judged by a tag as it is since its last change', async () => {
    await store.ok('TagResource', { SecretId: 'other', Tags: [{ Key: 'team', Value: 'pay' }] })
    expect(await refusal('bytag', 'GetSecretValue', { SecretId: 'other' })).toBe('')
    await store.ok('UntagResource', { SecretId: 'other', TagKeys: ['team'] })
    expect(await refusal('bytag', 'GetSecretValue', { SecretId: 'other' })).toMatch(/^AccessDenied/)
  })

  it('may be held to the current version', async () => {
    await store.ok('PutSecretValue', { SecretId: 'app/two', SecretString: 'w' })
    expect(await refusal('current', 'GetSecretValue', { SecretId: 'app/two' })).toBe('')
    expect(await refusal('current', 'GetSecretValue', { SecretId: 'app/two', VersionStage: 'AWSPREVIOUS' })).toMatch(
      /^AccessDenied/,
    )
  })

  it('may be held to the tags of what he makes', async () => {
    const made = (Tags?: object) =>
      refusal('creator', 'CreateSecret', { Name: `made/${Math.random()}`, SecretString: 'v', Tags })
    expect(await made([{ Key: 'team', Value: 'pay' }])).toBe('')
    expect(await made([{ Key: 'team', Value: 'ship' }])).toMatch(/^AccessDenied/)
    expect(
      await made([
        { Key: 'team', Value: 'pay' },
        { Key: 'x', Value: 'y' },
      ]),
    ).toMatch(/^AccessDenied/)
    expect(await made()).toMatch(/^AccessDenied/)
  })

  it('may be held to where he calls from, and how', async () => {
    expect(await refusal('fromhere', 'GetSecretValue', { SecretId: 'app/one' })).toBe('')
    expect(await refusal('fromafar', 'GetSecretValue', { SecretId: 'app/one' })).toMatch(/^AccessDenied/)
    expect(await refusal('overtls', 'GetSecretValue', { SecretId: 'app/one' })).toBe(
      denied('overtls', get, 'app/one', 'with an explicit deny in an identity-based policy'),
    )
  })

  it('may be kept from deleting without a way back', async () => {
    await store.ok('CreateSecret', { Name: 'to/delete', SecretString: 'v' })
    const forced = { SecretId: 'to/delete', ForceDeleteWithoutRecovery: true }
    expect(await refusal('nodelete', 'DeleteSecret', forced)).toContain('with an explicit deny')
    expect(await refusal('nodelete', 'DeleteSecret', { SecretId: 'to/delete', RecoveryWindowInDays: 7 })).toBe('')
  })

  it('may do no more than his permissions boundary allows', async () => {
    expect(await refusal('bounded', 'ListSecrets', {})).toBe('')
    expect(await refusal('bounded', 'GetSecretValue', { SecretId: 'app/one' })).toBe(
      denied('bounded', get, 'app/one', `because no permissions boundary allows the ${get} action`),
    )
  })

  it('gets of many secrets those that he may read, and is told of each other one', async () => {
    const answer = await store.ok('BatchGetSecretValue', { SecretIdList: ['app/one', 'app/two'] }, as('lists'))
    expect(answer['SecretValues']).toMatchObject([{ Name: 'app/one' }])
    expect(answer['Errors']).toEqual([
      {
        SecretId: 'app/two',
        ErrorCode: 'AccessDeniedException',
        Message: expect.stringContaining('no identity-based policy') as string,
      },
    ])
  })
})

describe('a permission that is taken back', () => {
  it('no longer serves writes that wait their turn', async () => {
    await store.ok('CreateSecret', { Name: 'queued', SecretString: 'v' })
    const write = () => refusal('nodelete', 'PutSecretValue', { SecretId: 'queued', SecretString: crypto.randomUUID() })
    const early = Array.from({ length: 5 }, write)
    const policyText = JSON.stringify(
      policy(deny('secretsmanager:PutSecretValue', { Principal: { AWS: `arn:aws:iam::${owner}:user/nodelete` } })),
    )
    const taken = store.ok('PutResourcePolicy', { SecretId: 'queued', ResourcePolicy: policyText })
    const late = Array.from({ length: 35 }, write)
    await taken
    const described = await store.ok('DescribeSecret', { SecretId: 'queued' })
    // Connections do not keep the order of what is sent on them: all of those may have come before the policy.
    expect(await write()).toContain('explicit deny')
    await Promise.all([...early, ...late])
    expect((await store.ok('DescribeSecret', { SecretId: 'queued' })).VersionIdsToStages).toEqual(
      described.VersionIdsToStages,
    )
  })
})

describe('a KMS key that policies name', () => {
  it('is the same key however the caller spells it', async () => {
    const call = async (target: string, input: object): Promise<Record<string, unknown>> => {
      const headers = { 'x-amz-target': `TrentService.${target}` }
      return (await store.send({ headers, body: JSON.stringify(input), service: 'kms', ...as('admin') })).body
    }
    const { KeyMetadata } = (await call('CreateKey', {})) as { KeyMetadata: { KeyId: string; Arn: string } }
    await call('CreateAlias', { AliasName: 'alias/guarded', TargetKeyId: KeyMetadata.KeyId })
    const guard = policy(
      allow('*'),
      deny('secretsmanager:CreateSecret', {
        Condition: { ArnEquals: { 'secretsmanager:KmsKeyArn': KeyMetadata.Arn } },
      }),
    )
    const users = [{ name: 'guarded', accessKeys: [keys('guarded')], policies: [guard] }]
    const other = parseIam(
      JSON.stringify({
        accounts: {
          [owner]: { users: [{ name: 'admin', accessKeys: [admin], policies: ['AdministratorAccess'] }, ...users] },
        },
      }),
    )
    await store.stop()
    await store.start({ iam: other })
    for (const KmsKeyId of [KeyMetadata.Arn, KeyMetadata.KeyId, 'alias/guarded'])
      expect(await refusal('guarded', 'CreateSecret', { Name: 'spelled', SecretString: 'v', KmsKeyId })).toContain(
        'explicit deny',
      )
    await store.stop()
    await store.start({ iam })
  })
})

describe('a resource policy', () => {
  const put = (...statements: object[]) =>
    store.ok('PutResourcePolicy', { SecretId: 'app/one', ResourcePolicy: JSON.stringify(policy(...statements)) })
  const remove = () => store.ok('DeleteResourcePolicy', { SecretId: 'app/one' })
  const partnerRead = () => refusal('partner', 'GetSecretValue', { SecretId: arn })

  it('has to allow a user of another account, whose own policies have to allow too', async () => {
    expect(await partnerRead()).toBe(
      denied('partner', get, arn, `because no resource-based policy allows the ${get} action`, consumer),
    )
    await put(allow(get, { Principal: { AWS: `arn:aws:iam::${consumer}:root` } }))
    expect(await refusal('nobody', 'GetSecretValue', { SecretId: arn })).toBe(
      denied('nobody', get, arn, noIdentity(get), consumer),
    )
    expect(await partnerRead()).toBe(
      "InvalidRequestException: You can't access a secret from a different AWS account if you encrypt the secret with the default KMS service key.",
    )
    await remove()
  })

  it('denies whom it names, whatever his own policies say', async () => {
    await put(deny(get, { Principal: { AWS: `arn:aws:iam::${owner}:user/reader` } }))
    expect(await refusal('reader', 'GetSecretValue', { SecretId: 'app/one' })).toBe(
      denied('reader', get, 'app/one', 'with an explicit deny in a resource-based policy'),
    )
    expect(await refusal('admin', 'GetSecretValue', { SecretId: 'app/one' })).toBe('')
    await remove()
    expect(await refusal('reader', 'GetSecretValue', { SecretId: 'app/one' })).toBe('')
  })

  it('alone is enough for a user of the same account', async () => {
    await put(allow('secretsmanager:DescribeSecret', { Principal: { AWS: `arn:aws:iam::${owner}:user/current` } }))
    expect(await refusal('current', 'DescribeSecret', { SecretId: 'app/one' })).toBe('')
    await remove()
    expect(await refusal('current', 'DescribeSecret', { SecretId: 'app/one' })).toMatch(/^AccessDenied/)
  })
})

describe('the record of a denial', () => {
  it('says who was denied what', async () => {
    await refusal('reader', 'GetSecretValue', { SecretId: 'other' })
    const [record] = await auditTail({ ...store.database, limit: 1 })
    expect(record?.record).toMatchObject({
      actor: `arn:aws:iam::${owner}:user/reader`,
      action: get,
      decision: 'deny',
      detail: { Error: 'AccessDeniedException' },
    })
  })
})
