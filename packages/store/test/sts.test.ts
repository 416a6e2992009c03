import { type AssumeRoleCommandInput, GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { parseIam } from '@keyplane/store'
import { fakeClock } from '@keyplane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allow, type Assumed, assumeRole, type Keys, policy, withSts } from './sts-calls.ts'
import { developer, TestStore } from './test-store.ts'

const [owner, other] = ['111111111111', '222222222222']
const outsider = { accessKeyId: 'AKIAOUTSIDER00000001', secretAccessKey: 'outsider-secret-access-key-01' }

const roleArn = (name: string) => `arn:aws:iam::${owner}:role/${name}`

const reads = policy(allow(['secretsmanager:GetSecretValue', 'secretsmanager:ListSecrets']))

const iamFile = {
  accounts: {
    [owner]: {
      users: [{ name: 'developer', accessKeys: [developer], policies: ['AdministratorAccess'], tags: { team: 'pay' } }],
      roles: [
        {
          name: 'reader',
          policies: [reads],
          trustPolicy: policy(
            allow(['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'], {
              Principal: { AWS: `arn:aws:iam::${owner}:root` },
            }),
          ),
        },
        {
          name: 'partner',
          policies: [reads],
          trustPolicy: policy(
            allow('sts:AssumeRole', {
              Principal: { AWS: other },
              Condition: { StringEquals: { 'sts:ExternalId': 'contract-7' } },
            }),
          ),
        },
        {
          name: 'from-role',
          policies: [reads],
          trustPolicy: policy(allow('sts:AssumeRole', { Principal: { AWS: roleArn('reader-of-roles') } })),
        },
        {
          name: 'reader-of-roles',
          policies: [policy(allow('sts:AssumeRole'))],
          trustPolicy: policy(allow('sts:AssumeRole', { Principal: { AWS: `arn:aws:iam::${owner}:user/developer` } })),
        },
      ],
    },
    [other]: {
      users: [{ name: 'outsider', accessKeys: [outsider], policies: [policy(allow('sts:AssumeRole'))] }],
    },
  },
}

// AWS's clients sign by the machine's clock.
const store = new TestStore(undefined, fakeClock(Date.now()))
beforeAll(async () => {
  await store.start({ iam: parseIam(JSON.stringify(iamFile)) })
  await store.ok('CreateSecret', { Name: 'shop/db', SecretString: 'hunter2' })
})
afterAll(() => store.remove())

const assume = (input: Partial<AssumeRoleCommandInput> = {}, as?: Keys): Promise<Assumed> =>
  assumeRole(store, { RoleArn: roleArn('reader'), ...input }, as)

const read = (credentials: Keys) => store.call('GetSecretValue', { SecretId: 'shop/db' }, { credentials })

describe('AssumeRole', () => {
  it('gives keys that do what the role may, for an hour', async () => {
    const { credentials, expiration, AssumedRoleUser } = await assume()
    expect(credentials.accessKeyId).toMatch(/^ASIA[A-Z2-7]{16}$/)
    expect(AssumedRoleUser?.Arn).toBe(`arn:aws:sts::${owner}:assumed-role/reader/tests`)
    expect(AssumedRoleUser?.AssumedRoleId).toMatch(/^AROA[A-Z2-7]{17}:tests$/)
    expect(Math.abs((expiration?.getTime() ?? 0) - store.clock.nowMs() - 3_600_000)).toBeLessThan(2_000)
    expect((await read(credentials)).body.SecretString).toBe('hunter2')
    expect(await store.refused('CreateSecret', { Name: 'x', SecretString: 'v' }, { credentials })).toBe(
      `AccessDeniedException: User: arn:aws:sts::${owner}:assumed-role/reader/tests is not authorized to perform: secretsmanager:CreateSecret on resource: x because no identity-based policy allows the secretsmanager:CreateSecret action`,
    )
    const who = withSts(store, (client) => client.send(new GetCallerIdentityCommand({})), credentials)
    expect(await who).toMatchObject({ Account: owner, Arn: `arn:aws:sts::${owner}:assumed-role/reader/tests` })
  })

  it('gives keys that no other token goes with, and no token without its keys', async () => {
    const [one, two] = [(await assume()).credentials, (await assume()).credentials]
    const mixed = { ...one, sessionToken: two.sessionToken }
    const { sessionToken: _, ...without } = one
    const cut = { ...one, sessionToken: `${one.sessionToken.slice(0, -4)}AAA=` }
    for (const credentials of [mixed, without, cut, { ...developer, sessionToken: one.sessionToken }])
      expect((await store.call('GetSecretValue', { SecretId: 'shop/db' }, { credentials })).body.__type).toBe(
        'UnrecognizedClientException',
      )
  })

  it('knows its sessions after a restart', async () => {
    const { credentials } = await assume()
    await store.stop()
    await store.start()
    expect((await read(credentials)).status).toBe(200)
  })

  it('never gives more than the session policies that were passed', async () => {
    const Policy = JSON.stringify(policy(allow('secretsmanager:ListSecrets')))
    const { credentials } = await assume({ Policy })
    expect((await read(credentials)).body.Message ?? (await read(credentials)).body.message).toBe(
      `User: arn:aws:sts::${owner}:assumed-role/reader/tests is not authorized to perform: secretsmanager:GetSecretValue on resource: shop/db because no session policy allows the secretsmanager:GetSecretValue action`,
    )
    await store.ok('ListSecrets', {}, { credentials })
    const managed = await assume({ PolicyArns: [{ arn: 'arn:aws:iam::aws:policy/AdministratorAccess' }] })
    expect((await read(managed.credentials)).status).toBe(200)
    await expect(assume({ Policy: '{"Statement":3}' })).rejects.toMatchObject({
      name: 'MalformedPolicyDocumentException',
    })
  })

  it('is refused to whom the trust policy does not name, or who has no permission of his own', async () => {
    await expect(assume({}, outsider)).rejects.toMatchObject({
      name: 'AccessDenied',
      message: `User: arn:aws:iam::${other}:user/outsider is not authorized to perform: sts:AssumeRole on resource: ${roleArn('reader')}`,
    })
    await expect(assume({ RoleArn: roleArn('partner') }, outsider)).rejects.toMatchObject({ name: 'AccessDenied' })
    await expect(assume({ RoleArn: roleArn('partner'), ExternalId: 'contract-7' }, outsider)).resolves.toBeTruthy()
    await expect(assume({ RoleArn: roleArn('absent') })).rejects.toMatchObject({ name: 'AccessDenied' })
  })

  it('goes from role to role, for an hour at most', async () => {
    const { credentials } = await assume({ RoleArn: roleArn('reader-of-roles') })
    const chained = await assume({ RoleArn: roleArn('from-role') }, credentials)
    expect((await read(chained.credentials)).status).toBe(200)
    await expect(assume({ RoleArn: roleArn('from-role'), DurationSeconds: 3_601 }, credentials)).rejects.toMatchObject({
      name: 'ValidationError',
      message: 'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
    })
  })

  it('refuses a time outside of 15 minutes to the role’s longest, and a name that is none', async () => {
    await expect(assume({ DurationSeconds: 899 })).rejects.toMatchObject({ name: 'ValidationError' })
    await expect(assume({ DurationSeconds: 3_601 })).rejects.toMatchObject({ name: 'ValidationError' })
    await expect(assume({ RoleSessionName: 'a b' })).rejects.toMatchObject({ name: 'ValidationError' })
  })

  it('carries tags into the session, those of the role behind them', async () => {
    const { credentials } = await assume({ Tags: [{ Key: 'team', Value: 'shop' }], SourceIdentity: 'ann' })
    expect((await read(credentials)).status).toBe(200)
    await expect(
      assume({
        Tags: [
          { Key: 'a', Value: '1' },
          { Key: 'a', Value: '2' },
        ],
      }),
    ).rejects.toMatchObject({ name: 'ValidationError' })
  })
})

describe('the end of a session', () => {
  it('is the end of its keys', async () => {
    const { credentials } = await assume({ DurationSeconds: 900 })
    await store.clock.advance(899_000)
    expect((await read(credentials)).status).toBe(200)
    await store.clock.advance(1_000)
    expect((await read(credentials)).body).toMatchObject({ __type: 'ExpiredTokenException' })
  })
})
