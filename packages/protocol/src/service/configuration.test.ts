import { inspect } from 'node:util'
import { BytesValue, TextValue } from '@keyplane/core'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  encodeToolConfiguration,
  parseToolConfiguration,
  type ToolConfiguration,
  toolConfigurationTarget,
} from './configuration.ts'

const whole = {
  tool: 'payments',
  environment: 'production',
  status: 'incomplete',
  settings: { baseUrl: 'https://api.example.com', timeoutMs: 3000 },
  secrets: { apiKey: { value: 'canary', versionId: '7', source: 'openbao', ageMs: 12, stale: false } },
  missing: ['old'],
  errors: [{ secret: 'db', code: 'access_denied' }],
}
const parse = (body: unknown): ToolConfiguration => parseToolConfiguration(JSON.stringify(body))
const withSecret = (more: object): object => ({
  ...whole,
  secrets: { apiKey: { value: 'canary', ageMs: 0, stale: true, ...more } },
})

describe('a tool’s configuration', () => {
  it('is read as it was sent', () => {
    const { secrets, ...rest } = parse(whole)
    const { secrets: _, ...sent } = whole
    expect(rest).toEqual(sent)
    expect([...secrets.keys()]).toEqual(['apiKey'])
    expect(secrets.get('apiKey')).toMatchObject({ versionId: '7', source: 'openbao', ageMs: 12, stale: false })
    expect(secrets.get('apiKey')?.value.reveal()).toBe('canary')
  })

  it('has dates to the millisecond, and bytes', () => {
    const { secrets } = parse(withSecret({ value: '/wA=', encoding: 'base64', expiresAt: '2026-01-01T00:00:00.5Z' }))
    expect(secrets.get('apiKey')?.expiresAtMs).toBe(Date.UTC(2026, 0, 1, 0, 0, 0, 500))
    expect(secrets.get('apiKey')?.value.reveal()).toEqual(Uint8Array.of(255, 0))
  })

  it('takes null for nothing', () => {
    const secret = parse(withSecret({ versionId: null, source: null, expiresAt: null })).secrets.get('apiKey')
    expect(Object.keys(secret ?? {})).toEqual(['value', 'ageMs', 'stale'])
  })

  it('knows a code that it does not know as a failure', () => {
    expect(parse({ ...whole, errors: [{ secret: 'db', code: 'toString' }] }).errors[0]?.code).toBe('internal')
  })

  it('has no members of every object’s', () => {
    expect(parse(whole).secrets.get('toString')).toBeUndefined()
    expect(parseToolConfiguration(JSON.stringify(whole).replace('"apiKey"', '"__proto__"')).secrets.size).toBe(1)
  })

  it.each([
    'canary',
    '[]',
    'null',
    { ...whole, tool: undefined },
    { ...whole, status: 'fine' },
    { ...whole, settings: [] },
    { ...whole, secrets: [] },
    { ...whole, secrets: { apiKey: 'canary' } },
    { ...whole, missing: 'old' },
    { ...whole, missing: [1] },
    { ...whole, errors: [null] },
    { ...whole, errors: [{ secret: 'db' }] },
    withSecret({ value: 1 }),
    withSecret({ ageMs: -1 }),
    withSecret({ ageMs: '1' }),
    withSecret({ stale: 'no' }),
    withSecret({ encoding: 'hex' }),
    withSecret({ value: 'canary!', encoding: 'base64' }),
    withSecret({ versionId: 1 }),
    withSecret({ expiresAt: 'tomorrow' }),
    withSecret({ expiresAt: 1 }),
  ])('is not taken from nonsense (%#)', (body) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    let error: unknown
    try {
      parseToolConfiguration(text)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toMatchObject({ code: 'bad_response', source: 'service' })
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('canary')
  })

  it('comes back as it was encoded', () => {
    const value = fc.oneof(
      fc.string().map((text) => new TextValue(text)),
      fc.uint8Array().map((bytes) => new BytesValue(bytes)),
    )
    const secret = fc.record(
      {
        value,
        ageMs: fc.nat(),
        stale: fc.boolean(),
        versionId: fc.string(),
        source: fc.string(),
        expiresAtMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
      },
      { requiredKeys: ['value', 'ageMs', 'stale'] },
    )
    const name = fc.string().filter((text) => text !== '__proto__')
    fc.assert(
      fc.property(fc.array(fc.tuple(name, secret)), (secrets) => {
        const given = { ...parse(whole), secrets: new Map(secrets) }
        const read = parseToolConfiguration(encodeToolConfiguration(given))
        const plain = ({ secrets: all }: ToolConfiguration): unknown =>
          Object.fromEntries([...all].map(([key, { value: held, ...facts }]) => [key, [held.reveal(), facts]]))
        expect(plain(read)).toEqual(plain(given))
      }),
    )
  })

  it('is asked for by encoded names', () => {
    expect(toolConfigurationTarget('a/b', 'c d')).toBe('/v1/environments/a%2Fb/tools/c%20d/configuration')
  })
})
