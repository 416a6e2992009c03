import { describe, expect, it } from 'vitest'
import { parseIam } from './iam-file.ts'

const key = { accessKeyId: 'AKIADEVELOPER0000001', secretAccessKey: 'developer-secret-access-key-01' }
const user = { name: 'developer', accessKeys: [key], policies: ['AdministratorAccess'] }
const trust = {
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' },
}

const problemsOf = (content: unknown): string => {
  try {
    parseIam(typeof content === 'string' ? content : JSON.stringify(content))
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

describe('an IAM file', () => {
  it('gives the user behind an access key, with what he may do', () => {
    const iam = parseIam(JSON.stringify({ account: '000000000000', users: [{ ...user, tags: { team: 'pay' } }] }))
    const found = iam.accessKeys.get(key.accessKeyId)
    expect(found).toMatchObject({
      secretAccessKey: key.secretAccessKey,
      identity: {
        principal: { kind: 'user', arn: 'arn:aws:iam::000000000000:user/developer', account: '000000000000' },
        userName: 'developer',
        userId: expect.stringMatching(/^AIDA[A-Z2-7]{17}$/) as string,
        policies: [{ name: 'AdministratorAccess' }],
      },
    })
    expect([...(found?.identity.tags ?? [])]).toEqual([['team', 'pay']])
    expect(iam.accessKeys.get('AKIAOTHER00000000001')).toBeUndefined()
  })

  it('names several accounts, whose users, roles and policies are apart', () => {
    const readAll = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 's:*', Resource: '*' } }
    const iam = parseIam(
      JSON.stringify({
        accounts: {
          '111111111111': {
            users: [user],
            policies: { ReadAll: readAll },
            rootAccessKeys: [{ ...key, accessKeyId: 'AKIAROOT000000000001' }],
          },
          '222222222222': { roles: [{ name: 'reader', path: '/team/', trustPolicy: trust, policies: [readAll] }] },
        },
      }),
    )
    expect([...iam.accounts]).toEqual(['111111111111', '222222222222'])
    expect(iam.accessKeys.get('AKIAROOT000000000001')?.identity.principal).toMatchObject({
      kind: 'root',
      arn: 'arn:aws:iam::111111111111:root',
    })
    expect([...iam.roles.keys()]).toEqual(['arn:aws:iam::222222222222:role/team/reader'])
    expect(iam.roles.get('arn:aws:iam::222222222222:role/team/reader')).toMatchObject({ maxSessionSeconds: 3_600 })
    expect(iam.policies.has('arn:aws:iam::111111111111:policy/ReadAll')).toBe(true)
    expect(problemsOf({ accounts: { '222222222222': { users: [{ ...user, policies: ['ReadAll'] }] } } })).toContain(
      'accounts["222222222222"].users[0].policies[0] names a policy "ReadAll" that is not there',
    )
  })

  it('is refused with all of its problems, each with its place, and no key', () => {
    const message = problemsOf({
      account: 1,
      groups: [],
      users: [
        { name: 'a b', accessKeys: [{ accessKeyId: 'short', secretAccessKey: 'secret with spaces' }], policies: [{}] },
        { name: 'c', accessKeys: [key, key], admin: true },
        3,
      ],
      roles: [
        { name: 'r', policies: [], maxSessionSeconds: 60 },
        { name: 'r', path: 'x', trustPolicy: trust, policies: [], permissionsBoundary: 'None' },
      ],
      identityProviders: [{ url: 'http://plain', audiences: [], keys: { keys: [{ kty: 'RSA', d: 'private' }] } }],
    })
    for (const place of [
      'account',
      '"groups"',
      'users[0].name',
      'users[0].accessKeys[0].accessKeyId',
      'users[0].accessKeys[0].secretAccessKey',
      'users[0].policies[0].Statement',
      '"admin"',
      'users[1].accessKeys[1].accessKeyId is there twice',
      'users[1].policies is missing: write ["AdministratorAccess"] to allow everything',
      'users[2] is not an object',
      'roles[0].trustPolicy',
      'roles[0].maxSessionSeconds',
      'roles[1].name is there twice',
      'roles[1].path',
      'roles[1].permissionsBoundary names a policy "None"',
      'identityProviders[0].url',
      'identityProviders[0].audiences',
      'identityProviders[0].keys.keys[0] is not a public key',
    ])
      expect(message).toContain(place)
    expect(message).not.toContain('secret with spaces')
    expect(message).not.toContain(key.secretAccessKey)
  })

  // The last one alone would have counted: a Deny before it was lost unseen.
  it('is refused where a member is there twice, inside of policies too', () => {
    const deny = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}}'
    const message = problemsOf(`{"account":"000000000000","policies":{"A":${deny}},"users":[],"users":[]}`)
    expect(message).toContain('policies.A.Statement.Effect is there twice')
    expect(message).toContain('; users is there twice')
  })

  // Which of the two a policy saw was not said.
  it('is refused where two tags of one owner differ in case alone', () => {
    const tagged = (tags: object) => problemsOf({ account: '000000000000', users: [{ ...user, tags }] })
    expect(tagged({ team: 'a', Team: 'b' })).toContain('users[0].tags["Team"] differs from "team" in case alone')
    expect(tagged({ team: 'a', teams: 'b' })).toBe('')
    const roles = [{ name: 'r', trustPolicy: trust, policies: [], tags: { A: '', a: '' } }]
    expect(problemsOf({ account: '000000000000', roles })).toContain(
      'roles[0].tags["a"] differs from "A" in case alone',
    )
  })

  it('gives a role another unique id with another text for it', () => {
    const roleId = (more: object) => {
      const role = { name: 'r', trustPolicy: trust, policies: [], ...more }
      const iam = parseIam(JSON.stringify({ account: '000000000000', roles: [role] }))
      return iam.roles.get('arn:aws:iam::000000000000:role/r')?.roleId
    }
    const ids = [roleId({}), roleId({ id: 'first' }), roleId({ id: '2026-11-22' })]
    expect(new Set(ids).size).toBe(3)
    expect(roleId({ id: 'first' })).toBe(ids[1])
    expect(problemsOf({ account: '000000000000', roles: [{ name: 'r', id: '' }] })).toContain('roles[0].id has to be')
  })

  it('is refused without quoting it when it is not JSON', () => {
    expect(problemsOf(`{"secretAccessKey":"${key.secretAccessKey}"`)).toBe('The IAM file is not valid JSON.')
    expect(problemsOf([])).toMatch(/the file is not an object/)
  })
})
