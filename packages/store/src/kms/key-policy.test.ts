import { describe, expect, it } from 'vitest'
import { keyPolicy } from './key-policy.ts'

const place = { account: '111111111111', region: 'eu-west-1', alias: null }
const sized = (id: string, characters: number) => {
  const statement = { Sid: 'a', Effect: 'Allow', Principal: { AWS: '*' }, Action: 'kms:*', Resource: '*' }
  return {
    ...place,
    policy: JSON.stringify({ Version: '2012-10-17', Id: id.padEnd(characters), Statement: statement }),
  }
}

describe('the policies of keys that are kept ready', () => {
  it('are the same as long as they are kept', () => {
    const one = keyPolicy(sized('kept', 10))
    for (let index = 0; index < 900; index += 1) keyPolicy(sized(`small ${index}`, 10))
    expect(keyPolicy(sized('kept', 10))).toBe(one)
  })

  // A thousand of the largest took gigabytes.
  it('have two million characters together at most, however few they are', () => {
    const one = keyPolicy(sized('first', 100_000))
    for (let index = 0; index < 18; index += 1) keyPolicy(sized(`large ${index}`, 100_000))
    expect(keyPolicy(sized('first', 100_000))).toBe(one)
    keyPolicy(sized('one too many', 100_000))
    expect(keyPolicy(sized('first', 100_000))).not.toBe(one)
  })

  it('are a thousand at most', () => {
    const one = keyPolicy(sized('of many', 10))
    for (let index = 0; index < 1_000; index += 1) keyPolicy(sized(`another ${index}`, 10))
    expect(keyPolicy(sized('of many', 10))).not.toBe(one)
  })
})
