import { BytesValue, SecretsError, type SecretVersion, TextValue } from '@keyplane/core'
import { describe, expect, it } from 'vitest'
import { kvData, numberOfVersion, vaultError } from './answers.ts'

const data = (value: string, more: Partial<SecretVersion> = {}): unknown =>
  (JSON.parse(kvData({ id: 'x', value: new TextValue(value), ...more })) as { data: unknown }).data

describe('a version in KV’s form', () => {
  it('has the fields of a JSON object, and one field for every other text', () => {
    expect(data('{"user":"a","port":5}')).toEqual({ user: 'a', port: 5 })
    for (const text of ['plain', '', '[1]', 'null', '5', '"x"']) expect(data(text)).toEqual({ value: text })
  })

  it('keeps all digits of a number', () => {
    expect(kvData({ id: 'x', value: new TextValue('{"n":12345678901234567890.10}') })).toContain(
      '{"n":12345678901234567890.10}',
    )
  })

  it('holds bytes as base64 in a field of their own', () => {
    expect(kvData({ id: 'x', value: new BytesValue(Uint8Array.of(255)) })).toContain('{"value_base64":"/w=="}')
  })

  it('has its source’s number, or the second of its making, which grows as numbers do', () => {
    const value = new TextValue('')
    expect(numberOfVersion({ id: 'x', value, version: '12', createdAtMs: 5_000 })).toBe(12)
    expect(numberOfVersion({ id: 'x', value, version: 'a1b2', createdAtMs: 1_569_534_789_046 })).toBe(1_569_534_789)
    expect(numberOfVersion({ id: 'x', value, version: '012' })).toBe(1)
  })

  it('has a time that Go’s clients can read, known or not', () => {
    const value = new TextValue('')
    expect(kvData({ id: 'x', value, createdAtMs: 0 })).toContain('"created_time":"1970-01-01T00:00:00.000Z"')
    expect(kvData({ id: 'x', value })).toContain('"created_time":"0001-01-01T00:00:00Z"')
  })
})

describe('an error in Vault’s form', () => {
  it.each([
    ['secret_not_found', 404, '{"errors":[]}'],
    ['version_not_found', 404, '{"errors":[]}'],
    ['secret_deleted', 404, '{"errors":[]}'],
    ['access_denied', 403, '{"errors":["permission denied"]}'],
    ['unavailable', 503, '{"errors":["ours"]}'],
    ['timeout', 504, '{"errors":["ours"]}'],
    ['rate_limited', 429, '{"errors":["ours"]}'],
    ['internal', 500, '{"errors":["internal error"]}'],
  ] as const)('%s is %i %s', (code, status, body) => {
    expect(vaultError(new SecretsError(code, 'ours'))).toMatchObject({ status, body })
  })
})
