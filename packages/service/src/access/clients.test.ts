import { systemRandom } from '@keyplane/core'
import { describe, expect, it } from 'vitest'
import { newApiKey } from './api-key.ts'
import { Clients } from './clients.ts'

const digits = (hash: string): string => hash.replace('sha256:', '')

describe('a key', () => {
  const [first, second, other] = [newApiKey(systemRandom), newApiKey(systemRandom), newApiKey(systemRandom)]
  const readers = { allow: [], deny: [] }
  const clients = new Clients({
    roles: new Map([['readers', readers]]),
    clients: new Map([
      ['shop', { keyHashes: [digits(first.hash), digits(second.hash)], certificates: [], roles: ['readers'] }],
      ['bot', { keyHashes: [digits(other.hash)], certificates: [], roles: [] }],
    ]),
  })

  it('is 32 random bytes, and its hash is all that the service knows', () => {
    expect(first.key).toMatch(/^kps_[\w-]{43}$/)
    expect(first.hash).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(new Set([first.key, second.key, other.key]).size).toBe(3)
  })

  it('tells whose it is, each of several', () => {
    for (const { key } of [first, second])
      expect(clients.find(key)).toEqual({ kind: 'key', name: 'shop', roles: [readers], roleNames: ['readers'] })
    expect(clients.find(other.key)).toEqual({ kind: 'key', name: 'bot', roles: [], roleNames: [] })
  })

  it.each([
    ['', ''],
    ['of nobody', newApiKey(systemRandom).key],
    ['cut short', first.key.slice(0, -1)],
    ['with more behind it', `${first.key}x`],
    ['with a line end', `${first.key}\n`],
    ['that is the hash', first.hash],
    ['that is the digits of the hash', digits(first.hash)],
  ])('%s is nobody’s', (_, key) => {
    expect(clients.find(key)).toBeUndefined()
  })
})
