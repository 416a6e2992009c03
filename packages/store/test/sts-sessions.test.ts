import { type AssumeRoleCommandInput, GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { auditTail, parseIam } from '@keyplane/store'
import { fakeClock } from '@keyplane/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { allow, type Assumed, assumeRole, type Keys, policy, withSts } from './sts-calls.ts'
import { account, developer, iamFile, TestStore } from './test-store.ts'

const other = '222222222222'
const nobody = { accessKeyId: 'AKIANOBODY0000000001', secretAccessKey: 'nobody-secret-access-key-01' }
const roleArn = (name: string, owner = account) => `arn:aws:iam::${owner}:role/${name}`
const policyArn = (name: string, owner = account) => `arn:aws:iam::${owner}:policy/${name}`
const trusts = (Action: unknown, more: object = {}) => policy(allow(Action, { Principal: { AWS: account }, ...more }))
const all = ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity']

const iamOf = ({ policies = {}, firstId }: { readonly policies?: object; readonly firstId?: string } = {}) =>
  parseIam(
    JSON.stringify({
      accounts: {
        [account]: {
          users: [
            { name: 'developer', accessKeys: [developer], policies: ['AdministratorAccess'] },
            { name: 'nobody', accessKeys: [nobody], policies: [] },
          ],
          policies,
          roles: [
            {
              name: 'first',
              ...(firstId !== undefined && { id: firstId }),
              policies: ['AdministratorAccess'],
              tags: { TEAM: 'of the role' },
              trustPolicy: trusts(all),
            },
            {
              name: 'only-alice',
              policies: [],
              trustPolicy: trusts(all, { Condition: { StringEquals: { 'sts:SourceIdentity': 'alice' } } }),
            },
            { name: 'unmarked', policies: [], trustPolicy: trusts(['sts:AssumeRole', 'sts:TagSession']) },
            { name: 'untagged', policies: [], trustPolicy: trusts(['sts:AssumeRole', 'sts:SetSourceIdentity']) },
            {
              name: 'red',
              policies: [],
              trustPolicy: trusts(all, { Condition: { StringEquals: { 'aws:PrincipalTag/team': 'red' } } }),
            },
          ],
        },
        [other]: {
          policies: { Theirs: policy(allow('*')) },
          roles: [{ name: 'theirs', policies: [], trustPolicy: policy(allow(all, { Principal: { AWS: other } })) }],
        },
      },
    }),
  )

let iam = iamOf()
// AWS's clients sign by the machine's clock.
const store = new TestStore(undefined, fakeClock(Date.now()))
beforeAll(async () => {
  await store.start({ iam: { current: () => iam, onChange: () => () => undefined } })
})
beforeEach(() => {
  iam = iamOf()
})
afterAll(() => store.remove())

const assume = (name: string, more: Partial<AssumeRoleCommandInput> = {}, as?: Keys): Promise<Assumed> =>
  assumeRole(store, { RoleArn: name.startsWith('arn:') ? name : roleArn(name), ...more }, as)

const refusal = async (asked: Promise<unknown>): Promise<string> => {
  try {
    await asked
    return 'none'
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`
  }
}

const lists = (credentials: Keys) => store.call('ListSecrets', {}, { credentials })

describe('a source identity', () => {
  it('is the same in all sessions that come of one, and cannot be taken by naming another', async () => {
    const { credentials } = await assume('first', { SourceIdentity: 'mallory' })
    const denied = `AccessDenied: User: arn:aws:sts::${account}:assumed-role/first/tests is not authorized to perform: sts:`
    expect(await refusal(assume('only-alice', {}, credentials))).toContain(denied)
    expect(await refusal(assume('only-alice', { SourceIdentity: 'alice' }, credentials))).toContain(denied)
    expect(await refusal(assume('first', { SourceIdentity: 'alice' }, credentials))).toBe(
      `${denied}SetSourceIdentity on resource: ${roleArn('first')}`,
    )
    const chained = await assume('first', { SourceIdentity: 'mallory' }, credentials)
    expect(chained.SourceIdentity).toBe('mallory')
    const alice = await assume('first', { SourceIdentity: 'alice' })
    expect((await assume('only-alice', {}, alice.credentials)).SourceIdentity).toBe('alice')
  })

  it('goes only into roles that let it be set, inherited or asked for', async () => {
    const { credentials } = await assume('first', { SourceIdentity: 'ann' })
    expect(await refusal(assume('unmarked', {}, credentials))).toContain('sts:SetSourceIdentity')
    expect(await refusal(assume('unmarked', { SourceIdentity: 'ann' }))).toContain('sts:SetSourceIdentity')
    expect((await assume('unmarked')).SourceIdentity).toBeUndefined()
  })
})

describe('the tags of a session', () => {
  const tag = (Key: string, Value = 'red') => ({ Key, Value })

  it('have keys that differ by more than case, and none of AWS', async () => {
    expect(await refusal(assume('first', { Tags: [tag('team'), tag('TEAM')] }))).toMatch(/ValidationError: Duplicate/)
    expect(await refusal(assume('first', { Tags: [tag('AWS:x')] }))).toMatch(/ValidationError: .*reserved/)
  })

  it('are not changed on their way from session to session, in whatever case', async () => {
    const { credentials } = await assume('first', { Tags: [tag('team')], TransitiveTagKeys: ['Team'] })
    await assume('red', {}, credentials)
    expect(await refusal(assume('first', { Tags: [tag('TEAM', 'blue')] }, credentials))).toMatch(
      /ValidationError: One of the specified transitive tag keys/,
    )
    const chained = await assume('first', {}, credentials)
    expect(await refusal(assume('first', { Tags: [tag('Team', 'blue')] }, chained.credentials))).toContain('transitive')
  })

  it('are the only ones that can be transitive, not what every object has', async () => {
    for (const key of ['ghost', 'constructor', '__proto__'])
      expect(await refusal(assume('first', { TransitiveTagKeys: [key] }))).toMatch(
        /ValidationError: The specified transitive tag key/,
      )
    const named = await assume('first', { Tags: [tag('__proto__')], TransitiveTagKeys: ['__proto__'] })
    expect(await refusal(assume('first', { Tags: [tag('__proto__')] }, named.credentials))).toContain('transitive')
  })

  it('win over those of the role, in whatever case', async () => {
    const { credentials } = await assume('first', { Tags: [tag('team')] })
    await assume('red', {}, credentials)
  })

  it('are fifty at most, inherited ones counted', async () => {
    const tags = (count: number, from: string) => Array.from({ length: count }, (_, index) => tag(`${from}${index}`))
    const TransitiveTagKeys = tags(30, 'a').map(({ Key }) => Key)
    const { credentials } = await assume('first', { Tags: tags(30, 'a'), TransitiveTagKeys })
    await assume('first', { Tags: tags(20, 'b') }, credentials)
    expect(await refusal(assume('first', { Tags: tags(21, 'b') }, credentials))).toMatch(/^ValidationError: .*50 tags/)
    // Tags that are not handed on do not count.
    const plain = await assume('first', { Tags: tags(30, 'a') })
    await assume('first', { Tags: tags(50, 'b') }, plain.credentials)
  })

  it('want sts:TagSession, inherited ones too', async () => {
    const { credentials } = await assume('first', { Tags: [tag('team')], TransitiveTagKeys: ['team'] })
    expect(await refusal(assume('untagged', {}, credentials))).toContain('sts:TagSession')
    await assume('untagged')
  })
})

describe('a managed policy that is passed', () => {
  const reads = { Lists: policy(allow('secretsmanager:ListSecrets')) }

  it('counts as it is when the session is used, and allows nothing when it is gone', async () => {
    iam = iamOf({ policies: reads })
    const { credentials } = await assume('first', { PolicyArns: [{ arn: policyArn('Lists') }] })
    expect((await lists(credentials)).status).toBe(200)
    iam = iamOf({ policies: { Lists: policy(allow('secretsmanager:GetSecretValue')) } })
    expect((await lists(credentials)).status).toBe(400)
    iam = iamOf()
    expect((await lists(credentials)).body.__type).toBe('AccessDeniedException')
  })

  it("is one of the role's account, or AWS's own", async () => {
    iam = iamOf({ policies: reads })
    const passed = (arn: string) => refusal(assume('first', { PolicyArns: [{ arn }] }))
    expect(await passed('arn:aws:iam::aws:policy/AdministratorAccess')).toBe('none')
    for (const arn of [
      policyArn('Theirs', other),
      policyArn('Absent', other),
      policyArn('AdministratorAccess', other),
      'arn:aws:iam::aws:policy/Lists',
    ])
      expect(await passed(arn)).toBe(`MalformedPolicyDocumentException: The managed policy "${arn}" is not there.`)
  })
})

describe('a session token', () => {
  it('is small enough for the headers of a call, or is not made', async () => {
    const Tags = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ Key: `${index}`.padEnd(128, 'k'), Value: 'v'.repeat(256) }))
    expect(await refusal(assume('first', { Tags: Tags(50) }))).toMatch(/^PackedPolicyTooLarge.*: .*% of allotted space/)
    const { credentials, PackedPolicySize = 0 } = await assume('first', { Tags: Tags(10) })
    expect([PackedPolicySize > 0, PackedPolicySize <= 100]).toEqual([true, true])
    expect(await withSts(store, (client) => client.send(new GetCallerIdentityCommand({})), credentials)).toMatchObject({
      Account: account,
    })
    expect((await assume('first')).PackedPolicySize).toBeUndefined()
  })

  it('is of no use for a role that was made anew with another id', async () => {
    const { credentials } = await assume('first')
    expect((await lists(credentials)).status).toBe(200)
    iam = iamOf({ firstId: 'second' })
    expect((await lists(credentials)).body.__type).toBe('UnrecognizedClientException')
  })

  it('is of use again where its role was taken out and put back without another id: it is the same role', async () => {
    const { credentials } = await assume('first')
    iam = parseIam(iamFile())
    expect((await lists(credentials)).body.__type).toBe('UnrecognizedClientException')
    iam = iamOf()
    expect((await lists(credentials)).status).toBe(200)
  })
})

describe('a role that may not be assumed', () => {
  it('is refused in the same words whether it is there or not', async () => {
    for (const arn of [roleArn('first'), roleArn('absent'), roleArn('theirs', other), roleArn('absent', other)])
      expect(await refusal(assume(arn, {}, nobody))).toBe(
        `AccessDenied: User: arn:aws:iam::${account}:user/nobody is not authorized to perform: sts:AssumeRole on resource: ${arn}`,
      )
  })
})

describe('the record of a session that was made', () => {
  it('names its access key, its name and whom it stands for', async () => {
    const { credentials } = await assume('first', { SourceIdentity: 'ann', RoleSessionName: 'deploy-7' })
    const [last] = await auditTail({ ...store.database, limit: 1 })
    expect(last?.record).toMatchObject({
      actor: `arn:aws:iam::${account}:user/developer`,
      action: 'sts:AssumeRole',
      resource: roleArn('first'),
      decision: 'allow',
      detail: { RoleSessionName: 'deploy-7', AccessKeyId: credentials.accessKeyId, SourceIdentity: 'ann' },
    })
    expect(JSON.stringify(last)).not.toContain(credentials.secretAccessKey)
  })
})
