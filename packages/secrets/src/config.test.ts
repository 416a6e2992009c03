import { describe, expect, it } from 'vitest'
import { readSettings } from './config.ts'
import { openSecrets } from './open-secrets.ts'

describe('the settings', () => {
  it.each([
    ['local: the environment', {}, { provider: 'env' }],
    [
      'staging: AWS for five minutes',
      { SECRETS_PROVIDER: 'aws', SECRETS_CACHE_TTL: '300' },
      { provider: 'aws', cacheTtlMs: 300_000 },
    ],
    [
      'production: AWS for an hour',
      { SECRETS_PROVIDER: 'aws', SECRETS_CACHE_TTL: '3600' },
      { provider: 'aws', cacheTtlMs: 3_600_000 },
    ],
    ['a duration with its unit', { SECRETS_CACHE_TTL: '5m' }, { cacheTtlMs: 300_000 }],
    ['KEYPLANE_ before SECRETS_', { SECRETS_PROVIDER: 'aws', KEYPLANE_PROVIDER: 'env' }, { provider: 'env' }],
    ['a region', { SECRETS_AWS_REGION: 'eu-west-1' }, { awsRegion: 'eu-west-1' }],
  ])('are read from the environment: %s', (_row, env, settings) => {
    expect(readSettings(env)).toMatchObject({ cacheTtlMs: 3_600_000, ...settings })
  })

  it('that are wrong are told all at once', () => {
    const env = {
      SECRETS_PROVIDER: 'asw',
      SECRETS_CACHE_TTL: 'soon',
      SECRETS_AWS_REGION: 'Ohio!',
      SECRETS_STRICT: 'yes',
    }
    const message = (() => {
      try {
        readSettings(env)
      } catch (error) {
        return (error as Error).message
      }
      return ''
    })()
    for (const name of Object.keys(env)) expect(message).toContain(name)
    expect(message.split('\n')).toHaveLength(4)
  })
})

describe('the options', () => {
  it('that are wrong are told all at once', () => {
    const wrong = {
      cacheTtl: 'soon',
      attempts: 0,
      cache: { maxEntries: -1, refreshAheadRatio: 2, readValueEveryNthCheck: 0 },
    }
    const names = ['cacheTtl', 'attempts', 'maxEntries', 'refreshAheadRatio', 'readValueEveryNthCheck']
    expect(() => openSecrets({ env: {}, ...wrong })).toThrow(
      new RegExp(names.map((name) => `(?=[^]*${name}: )`).join('')),
    )
  })

  it.each([
    ['pollInterval', 0],
    ['pollInterval', '30d'],
    ['deadline', 0],
    ['deadline', '30d'],
    ['attemptTimeout', '25d'],
  ])('hold no time that a timer cannot keep: %s %s', (name, value) => {
    expect(() => openSecrets({ env: {}, [name]: value })).toThrow(`${name}: ${value} is not from`)
  })

  it('that are undefined are as if they were not there', async () => {
    const options = { cache: { negativeTtl: undefined, maxEntries: undefined }, attempts: undefined }
    expect(() => openSecrets({ env: {}, ...(options as object) })).not.toThrow()
  })

  it('are told together with what is wrong in the environment and with the sources', () => {
    const wrong = { cacheTtl: 'soon', provider: 'vault', pollInterval: 0 }
    const message = (() => {
      try {
        openSecrets({ env: { SECRETS_STRICT: 'maybe' }, ...wrong })
      } catch (error) {
        return (error as Error).message
      }
    })()
    expect(message?.split('\n').map((line) => line.split(':')[0])).toEqual([
      'SECRETS_STRICT',
      'cacheTtl',
      'pollInterval',
      'provider',
    ])
    expect(message).toContain('there are agent, aws, azure,')
  })
})
