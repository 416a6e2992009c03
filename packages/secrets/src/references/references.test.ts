import { SecretsError } from '@keyplane/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openOver } from '../../test/open-over.ts'
import { remoteMemory } from '../../test/remote-memory.ts'
import { isReference, parseReference } from './reference.ts'

describe('a reference', () => {
  it.each([
    ['keyplane://env/API_KEY', { provider: 'env', ref: { id: 'API_KEY' } }],
    ['keyplane://aws/prod/db#password', { provider: 'aws', ref: { id: 'prod/db' }, field: 'password' }],
    ['keyplane://aws/prod/db?version=v1', { provider: 'aws', ref: { id: 'prod/db', version: 'v1' } }],
    [
      'keyplane://aws/prod/db#user.name?stage=AWSPREVIOUS',
      { provider: 'aws', ref: { id: 'prod/db', stage: 'previous' }, field: 'user.name' },
    ],
    [
      'keyplane://aws/prod/db?stage=blue&version=v1#password',
      { provider: 'aws', ref: { id: 'prod/db', version: 'v1', stage: 'label:blue' }, field: 'password' },
    ],
    ['keyplane://ssm//app/key', { provider: 'ssm', ref: { id: '/app/key' } }],
    ['keyplane://github-actions/KEY', { provider: 'github-actions', ref: { id: 'KEY' } }],
    ['keyplane://file/a%23b%3Fc%25', { provider: 'file', ref: { id: 'a#b?c%' } }],
    [
      'keyplane://aws/arn:aws:secretsmanager:eu-central-1:123456789012:secret:a b-AbCdEf',
      { provider: 'aws', ref: { id: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:a b-AbCdEf' } },
    ],
  ])('%s leads where it says', (text, expected) => {
    expect(isReference(text)).toBe(true)
    expect(parseReference(text)).toEqual(expected)
  })

  it.each([
    'keyplane://',
    'keyplane://aws',
    'keyplane://aws/',
    'keyplane:///prod/db',
    'keyplane://AWS/prod/db',
    'keyplane://aws/prod/db#',
    'keyplane://aws/prod/db#a#b',
    'keyplane://aws/prod/db#a?stage=x#b',
    'keyplane://aws/prod/db?stages=current',
    'keyplane://aws/prod/db?stage=',
    'keyplane://aws/prod/db?stage=a&stage=b',
    'keyplane://aws/prod/db%',
    'https://aws/prod/db',
  ])('is not %s', (text) => {
    expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: 'config_invalid' }))
  })

  it('says any id and any field, encoded', () => {
    const text = fc.string({ unit: 'binary', minLength: 1 })
    fc.assert(
      fc.property(text, text, (id, field) => {
        const encode = (part: string): string => encodeURIComponent(part)
        const reference = `keyplane://aws/${encode(id)}#${encode(field)}`
        expect(parseReference(reference)).toEqual({ provider: 'aws', ref: { id }, field })
      }),
    )
  })

  it('is read or refused, and nothing else, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (rest) => {
        try {
          parseReference(`keyplane://${rest}`)
        } catch (error) {
          expect(error).toMatchObject({ code: 'config_invalid' })
        }
      }),
    )
  })
})

const document = JSON.stringify({
  user: 'app',
  port: 5432,
  'a.b': 'flat',
  nested: { key: 'deep', list: [1] },
  no: null,
})
const start = () => {
  const source = remoteMemory({ db: document, key: 'plain' })
  return {
    ...source,
    ...openOver(source.provider, { environment: true, env: { KEYPLANE_ENV_FOLDER: '/nowhere', HOME_KEY: 'home' } }),
  }
}

describe('data with references', () => {
  it('is copied with what they refer to, and is itself left as it is', async () => {
    const { secrets } = start()
    const when = new Date()
    const data = {
      database: {
        user: 'keyplane://remote/db#user',
        port: 'keyplane://remote/db#port',
        flat: 'keyplane://remote/db#a.b',
      },
      list: ['keyplane://remote/db#nested.key', 'keyplane://remote/key', 'see keyplane://remote/key', 7, null, when],
      object: 'keyplane://remote/db#nested',
      home: 'keyplane://env/HOME_KEY',
    }
    const before = structuredClone(data)
    expect(await secrets.resolve(data)).toEqual({
      database: { user: 'app', port: '5432', flat: 'flat' },
      list: ['deep', 'plain', 'see keyplane://remote/key', 7, null, when],
      object: '{"key":"deep","list":[1]}',
      home: 'home',
    })
    expect(data).toEqual(before)
  })

  it('asks for a secret once, however often it is referred to', async () => {
    const { secrets, calls } = start()
    await secrets.resolve(Array.from({ length: 50 }, (_, index) => `keyplane://remote/db${index % 2 ? '#user' : ''}`))
    expect(calls.get).toHaveLength(1)
  })

  it('may go round in circles, and hold any key', async () => {
    const { secrets } = start()
    const data: Record<string, unknown> = JSON.parse('{"__proto__": "keyplane://remote/key"}')
    data['self'] = data
    const resolved = await secrets.resolve(data)
    expect(Object.entries(resolved)).toEqual([
      ['__proto__', 'plain'],
      ['self', resolved],
    ])
  })

  it('may be the environment', async () => {
    const { secrets } = start()
    process.env['KEYPLANE_REFERENCE_TEST'] = 'keyplane://remote/key'
    expect((await secrets.resolve(process.env))['KEYPLANE_REFERENCE_TEST']).toBe('plain')
    delete process.env['KEYPLANE_REFERENCE_TEST']
  })

  it('is not given where one leads nowhere: all of those are told, without a value', async () => {
    const { secrets } = start()
    const data = [
      'keyplane://remote/nope',
      'keyplane://remote/key#field',
      'keyplane://remote/db#none',
      'keyplane://remote/db#no',
      'keyplane://remote/db?stage=pending',
      'keyplane://vault/db',
      'keyplane://remote',
    ]
    const error: SecretsError = await secrets.resolve(data).catch((thrown) => thrown)
    expect(error.message.split('\n')[0]).toBe('7 secrets could not be resolved:')
    expect(error.message).toContain('"keyplane://remote/key#field": The secret "key" is not valid JSON')
    expect(error.message).toContain('"keyplane://vault/db": provider: there is no provider "vault"; there are agent,')
    expect(error.message).not.toMatch(/plain|app|deep/)
  })

  it('reads from a source that is in no chain, through a cache of its own', async () => {
    const { secrets } = openOver(remoteMemory().provider, { env: { KEYPLANE_ENV_FOLDER: '/nowhere', KEY: 'from env' } })
    expect(await secrets.resolve({ key: 'keyplane://env/KEY' })).toEqual({ key: 'from env' })
    expect(await secrets.getSecret('KEY')).toBeUndefined()
    await secrets.close()
  })
})
