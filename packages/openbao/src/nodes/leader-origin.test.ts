import { parseEndpoint } from '@keyplane/http'
import { describe, expect, it } from 'vitest'
import { checkLeader, type Leader, originOf, redirectOrigin } from './leader-origin.ts'

const path = '/v1/secret/data/a,b?version=1'
const redirectedTo = (location: string | undefined): string =>
  redirectOrigin({
    location,
    target: '/v1/secret/data/a%2Cb?version=1',
    from: parseEndpoint('https://standby:8200'),
    source: 'openbao',
  })

describe("a standby's redirect", () => {
  it('leads to a node, with the same path however it is encoded', () => {
    expect(redirectedTo(`https://leader:8200${path}`)).toBe('https://leader:8200')
  })

  it.each([
    'https://leader:8200/v1/secret/data/other?version=1',
    'https://leader:8200/%',
    '/v1/secret/data/a',
    '',
    undefined,
  ])('to %s leads nowhere', (location) => {
    expect(() => redirectedTo(location)).toThrow(expect.objectContaining({ code: 'bad_response' }))
  })
})

describe('a leader that is not configured', () => {
  const check = (origin: string, more: Partial<Leader> = {}): void =>
    checkLeader({
      origin,
      from: parseEndpoint('https://standby:8200'),
      named: origin,
      allowInsecureHttp: false,
      source: 'openbao',
      ...more,
    })

  it('is sent a token where a configured node names it', () => {
    expect(() => check('https://leader:8200')).not.toThrow()
    const from = parseEndpoint('http://127.0.0.1:1')
    expect(() => check('http://127.0.0.1:2', { from })).not.toThrow()
  })

  it.each([undefined, 'https://leader:8201', 'http://leader:8200', 'https://other:8200'])(
    'is sent none where %s is named instead',
    (named) => {
      expect(() => check('https://leader:8200', { named })).toThrow(
        expect.objectContaining({ code: 'unavailable', reason: 'foreign_redirect' }),
      )
    },
  )

  it.each(['http://leader:8200', 'http://127.0.0.1:2'])('is sent none by plain http, as to %s', (origin) => {
    expect(() => check(origin)).toThrow(expect.objectContaining({ code: 'source_misconfigured' }))
  })

  it('is named by an address', () => {
    expect(originOf('https://leader:8200/')).toBe('https://leader:8200')
    for (const address of ['', 'nonsense', 5, undefined]) expect(originOf(address)).toBeUndefined()
  })
})
