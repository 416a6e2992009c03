import { parseEndpoint } from '@keyplane/http'
import { describe, expect, it } from 'vitest'
import { leaderOrigin, type Redirect } from './leader-origin.ts'

const redirect = (location: string | undefined, more: Partial<Redirect> = {}): Redirect => ({
  location,
  target: '/v1/secret/data/a%2Cb?version=1',
  from: parseEndpoint('https://standby:8200'),
  known: ['https://standby:8200', 'http://10.0.0.1:8200'],
  allowInsecureHttp: false,
  source: 'openbao',
  ...more,
})
const path = '/v1/secret/data/a,b?version=1'

describe("a standby's redirect", () => {
  it.each([
    [`https://leader:8200${path}`, 'https://leader:8200'],
    [`http://10.0.0.1:8200${path}`, 'http://10.0.0.1:8200'],
  ])('to %s is followed', (location, origin) => {
    expect(leaderOrigin(redirect(location))).toBe(origin)
  })

  it('to this machine is followed where the standby is on it', () => {
    const from = parseEndpoint('http://127.0.0.1:1')
    expect(leaderOrigin(redirect(`http://127.0.0.1:2${path}`, { from }))).toBe('http://127.0.0.1:2')
  })

  it.each([
    [`http://leader:8200${path}`, 'source_misconfigured'],
    [`http://127.0.0.1:2${path}`, 'source_misconfigured'],
    ['https://leader:8200/v1/secret/data/other?version=1', 'bad_response'],
    ['https://leader:8200/%', 'bad_response'],
    ['/v1/secret/data/a', 'bad_response'],
    ['', 'bad_response'],
    [undefined, 'bad_response'],
  ])('to %s takes no token there', (location, code) => {
    expect(() => leaderOrigin(redirect(location))).toThrow(expect.objectContaining({ code }))
  })
})
