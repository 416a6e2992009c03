import { describe, expect, it } from 'vitest'
import { readExtensionSettings } from './config.ts'

const lambda = { AWS_LAMBDA_RUNTIME_API: '127.0.0.1:9001' }

describe('the variables of AWS’s extension', () => {
  it('that are not set leave AWS’s defaults, which are the agent’s', () => {
    const { agent, reads, isSnapStart } = readExtensionSettings(lambda)
    expect(agent).toMatchObject({
      httpPort: 2_773,
      cacheSize: 1_000,
      ttlMs: 300_000,
      logLevel: 'info',
      lambdaExtension: true,
      logToFile: false,
      validateCredentials: false,
    })
    expect([reads, isSnapStart]).toEqual([{ secrets: {}, parameters: {} }, false])
  })

  it('are taken, in AWS’s spellings', () => {
    const { agent, reads } = readExtensionSettings({
      ...lambda,
      PARAMETERS_SECRETS_EXTENSION_HTTP_PORT: '3000',
      PARAMETERS_SECRETS_EXTENSION_CACHE_ENABLED: 'TRUE',
      PARAMETERS_SECRETS_EXTENSION_CACHE_SIZE: '7',
      PARAMETERS_SECRETS_EXTENSION_LOG_LEVEL: 'DEBUG',
      PARAMETERS_SECRETS_EXTENSION_MAX_CONNECTIONS: '3',
      SECRETS_MANAGER_TTL: '60',
      SECRETS_MANAGER_TIMEOUT_MILLIS: '500',
      SSM_PARAMETER_STORE_TTL: '0',
      SSM_PARAMETER_STORE_TIMEOUT_MILLIS: '0',
    })
    expect(agent).toMatchObject({ httpPort: 3_000, cacheSize: 7, logLevel: 'debug' })
    expect(reads).toEqual({ secrets: { ttlMs: 60_000, timeoutMs: 500 }, parameters: { ttlMs: 0 } })
  })

  it('that switch the cache off leave none', () => {
    const off = { ...lambda, PARAMETERS_SECRETS_EXTENSION_CACHE_ENABLED: 'false' }
    expect(readExtensionSettings(off).agent.cacheSize).toBe(0)
  })

  it('that are wrong are all told at once, without what they hold', () => {
    const wrong = {
      PARAMETERS_SECRETS_EXTENSION_HTTP_PORT: '80',
      PARAMETERS_SECRETS_EXTENSION_CACHE_ENABLED: 'yes',
      PARAMETERS_SECRETS_EXTENSION_CACHE_SIZE: '1001',
      PARAMETERS_SECRETS_EXTENSION_LOG_LEVEL: 'loud',
      PARAMETERS_SECRETS_EXTENSION_MAX_CONNECTIONS: '0',
      SECRETS_MANAGER_TTL: '1e2',
      SECRETS_MANAGER_TIMEOUT_MILLIS: '-1',
      SSM_PARAMETER_STORE_TTL: '',
      SSM_PARAMETER_STORE_TIMEOUT_MILLIS: '0x1',
    }
    expect(() => readExtensionSettings(wrong)).toThrow(
      new RegExp([...Object.keys(wrong), 'AWS_LAMBDA_RUNTIME_API'].map((name) => `(?=[^]*${name})`).join('')),
    )
    expect(() => readExtensionSettings(wrong)).not.toThrow(/loud|1e2/)
  })
})
