import { describe, expect, it } from 'vitest'
import { parseIdentities } from './identities.ts'

const key = { accessKeyId: 'AKIADEVELOPER0000001', secretAccessKey: 'developer-secret-access-key-01' }
const file = { account: '000000000000', users: [{ name: 'developer', accessKeys: [key] }] }

const problemsOf = (content: unknown): string => {
  try {
    parseIdentities(typeof content === 'string' ? content : JSON.stringify(content))
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

describe('an IAM file', () => {
  it('gives the user behind an access key', () => {
    const identities = parseIdentities(JSON.stringify(file))
    expect(identities.find(key.accessKeyId)).toEqual({
      principal: 'arn:aws:iam::000000000000:user/developer',
      account: '000000000000',
      secretAccessKey: key.secretAccessKey,
    })
    expect(identities.find('AKIAOTHER00000000001')).toBeUndefined()
  })

  it('is refused with all of its problems, each with its place, and no key', () => {
    const message = problemsOf({
      account: 1,
      groups: [],
      users: [
        { name: 'a b', accessKeys: [{ accessKeyId: 'short', secretAccessKey: 'secret with spaces' }] },
        { name: 'c', accessKeys: [key, key], admin: true },
        3,
      ],
    })
    for (const place of [
      'account',
      '"groups"',
      'users[0].name',
      'users[0].accessKeys[0].accessKeyId',
      'users[0].accessKeys[0].secretAccessKey',
      '"admin"',
      'users[1].accessKeys[1].accessKeyId is there twice',
      'users[2] is not an object',
    ])
      expect(message).toContain(place)
    expect(message).not.toContain('secret with spaces')
    expect(message).not.toContain(key.secretAccessKey)
  })

  it('is refused without quoting it when it is not JSON', () => {
    expect(problemsOf(`{"secretAccessKey":"${key.secretAccessKey}"`)).toBe('The IAM file is not valid JSON.')
    expect(problemsOf([])).toMatch(/the file is not an object/)
  })
})
