import { describe, expect, it } from 'vitest'
import { isForParameter, parseParameterRequest } from './parameter-request.ts'

const parse = (query: string) => parseParameterRequest(`/systemsmanager/parameters/get?${query}`)

describe('a request for a parameter', () => {
  it.each([
    ['name=%2Fapp%2Fkey', { name: '/app/key', withDecryption: false }],
    ['name=/app/key&withDecryption=true', { name: '/app/key', withDecryption: true }],
    ['name=k&withDecryption=True', { name: 'k', withDecryption: true }],
    ['name=k&version=3', { name: 'k', version: '3', withDecryption: false }],
    ['name=k&label=prod', { name: 'k', label: 'prod', withDecryption: false }],
    ['name=a&name=b', { name: 'b', withDecryption: false }],
  ])('%j is understood', (query, expected) => {
    expect(parse(query)).toEqual({ ok: true, ...expected })
  })

  it.each([
    ['', 'missing parameter name'],
    ['name=', 'missing parameter name'],
    ['Name=x', 'unknown parameter: Name'],
    ['name=k&version=0', 'invalid version value'],
    ['name=k&version=a', 'invalid version value'],
    ['name=k&label=', 'invalid label value'],
    ['name=k&version=1&label=x', 'version and label exclude each other'],
    ['name=k&withDecryption=yes', 'invalid withDecryption value'],
    ['name=k&withDecryption=__proto__', 'invalid withDecryption value'],
  ])('%j is refused with %j', (query, body) => {
    expect(parse(query)).toEqual({ ok: false, body })
  })

  it('is one at its path only', () => {
    expect(isForParameter('/systemsmanager/parameters/get?name=x')).toBe(true)
    expect(isForParameter('/systemsmanager/parameters/get/?name=x')).toBe(false)
  })
})
