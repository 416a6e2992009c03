import type { AssumeRoleCommandInput } from '@aws-sdk/client-sts'
import { parseIam } from '@keyplane/store'
import { fakeClock } from '@keyplane/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { allow, type Assumed, assumeRole, type Keys, policy } from './sts-calls.ts'
import { account, developer, TestStore } from './test-store.ts'

const roleArn = (name: string) => `arn:aws:iam::${account}:role/${name}`
const trustPolicy = policy(allow(['sts:AssumeRole', 'sts:TagSession'], { Principal: { AWS: account } }))
const whereTeam = (team: string) => ({ Resource: '*', Condition: { StringEquals: { 'aws:PrincipalTag/team': team } } })

const iamOf = (revokedBefore?: number) => {
  const issuedBefore = { DateLessThan: { 'aws:TokenIssueTime': new Date(revokedBefore ?? 0).toISOString() } }
  const revoked = { Effect: 'Deny', Action: '*', Resource: '*', Condition: issuedBefore }
  const roles = [
    { trustPolicy, name: 'bounded', policies: ['AdministratorAccess'], permissionsBoundary: policy(allow('sts:*')) },
    { trustPolicy, name: 'revocable', policies: ['AdministratorAccess', policy(revoked)] },
    { trustPolicy, name: 'long', policies: ['AdministratorAccess'], maxSessionSeconds: 43_200 },
    {
      trustPolicy,
      name: 'tagged',
      policies: [policy(allow('secretsmanager:ListSecrets', whereTeam('role’s')))],
      tags: { TEAM: 'role’s' },
    },
  ]
  return parseIam(
    JSON.stringify({
      account,
      users: [{ name: 'developer', accessKeys: [developer], policies: ['AdministratorAccess', policy(revoked)] }],
      roles,
    }),
  )
}

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
  assumeRole(store, { RoleArn: roleArn(name), ...more }, as)

/** What the keys may not do, in the store's words; empty where they may. */
const listing = async (credentials: Keys): Promise<string> => {
  const { status, body } = await store.call('ListSecrets', {}, { credentials })
  return status === 200 ? '' : `${body.__type}: ${body.Message ?? body.message}`
}

describe('a session of a role', () => {
  it('is held to the permissions boundary of its role', async () => {
    const { credentials } = await assume('bounded')
    expect(await listing(credentials)).toMatch(/^AccessDeniedException: .* because no permissions boundary allows/)
    await expect(assume('long', {}, credentials)).resolves.toBeTruthy()
  })

  it('ends where a policy denies all that were made before a moment; others and users go on', async () => {
    const before = await assume('revocable')
    await store.clock.advance(2_000)
    const after = await assume('revocable')
    expect(await listing(before.credentials)).toBe('')
    iam = iamOf(store.clock.nowMs() - 1_000)
    expect(await listing(before.credentials)).toMatch(/^AccessDeniedException: .* with an explicit deny/)
    expect(await listing(after.credentials)).toBe('')
    expect(await listing(developer)).toBe('')
  })

  it('has a tag of its own in place of its role’s, in whatever case that is written', async () => {
    const plain = await assume('tagged')
    expect(await listing(plain.credentials)).toBe('')
    const own = await assume('tagged', { Tags: [{ Key: 'team', Value: 'its own' }] })
    expect(await listing(own.credentials)).toMatch(/^AccessDeniedException/)
  })
})

describe('how long a session is', () => {
  // AWS answers whole seconds.
  const seconds = ({ expiration }: Assumed) => Math.ceil(((expiration?.getTime() ?? 0) - store.clock.nowMs()) / 1_000)

  it('is what its role allows, and an hour where nothing is asked for', async () => {
    expect(seconds(await assume('long', { DurationSeconds: 43_200 }))).toBe(43_200)
    expect(seconds(await assume('long'))).toBe(3_600)
    await expect(assume('bounded', { DurationSeconds: 3_601 })).rejects.toMatchObject({
      name: 'ValidationError',
      message: 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    })
  })

  it('is an hour at most from role to role, whatever the role allows', async () => {
    const { credentials } = await assume('long', { DurationSeconds: 43_200 })
    await expect(assume('long', { DurationSeconds: 7_200 }, credentials)).rejects.toMatchObject({
      name: 'ValidationError',
      message: 'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
    })
    expect(seconds(await assume('long', { DurationSeconds: 3_600 }, credentials))).toBe(3_600)
  })
})
