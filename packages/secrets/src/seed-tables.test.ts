import { createServer } from 'node:http'
import { type AddressInfo, createServer as createSocketServer } from 'node:net'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fakeClock } from '@keyplane/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import { readSettings } from './config.ts'
import type { SecretsManagerOptions } from './manager-options.ts'
import { openSecrets } from './open-secrets.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** A server on loopback that answers each call of AWS's protocol as it is told, and counts them. */
const startAws = async (answer: () => { readonly status: number; readonly body: object }) => {
  const calls: string[] = []
  const server = createServer((request, response) => {
    calls.push(String(request.headers['x-amz-target']).replace('secretsmanager.', ''))
    const { status, body } = answer()
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(
    () => server.closeAllConnections(),
    () => server.close(),
  )
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls }
}

/** A port on which nobody listens. */
const closedPort = async (): Promise<number> => {
  const server = createSocketServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

const credentials = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI' }

/** A manager by settings alone, as a program has it, in a folder without `.env` unless told. */
const open = (env: Record<string, string | undefined>, options: SecretsManagerOptions = {}) => {
  const logged: string[] = []
  const secrets = openSecrets({
    env: { SECRETS_ENV_FOLDER: mkdtempSync(join(tmpdir(), 'keyplane-')), AWS_REGION: 'eu-central-1', ...env },
    attempts: 1,
    log: { warn: (message) => logged.push(`warn ${message}`), error: (message) => logged.push(`error ${message}`) },
    ...options,
  })
  closers.push(() => secrets.close())
  return { secrets, logged }
}

describe('the error table', () => {
  // The row "SDK not installed" is in test/packages/reads.test.ts, where it really is not.
  it('AWS credentials missing → AWS calls fail, fall back to env', async () => {
    const { endpoint, calls } = await startAws(() => ({ status: 500, body: {} }))
    const { secrets, logged } = open({ SECRETS_PROVIDER: 'aws', AWS_ENDPOINT_URL: endpoint, API_KEY: 'from env' })
    expect(await secrets.getSecret('API_KEY')).toBe('from env')
    expect(logged).toHaveLength(1)
    expect(calls).toEqual([])
  })

  it('AWS secret not found → log a warning, try the next provider', async () => {
    const { endpoint } = await startAws(() => ({
      status: 400,
      body: { __type: 'ResourceNotFoundException', Message: "Secrets Manager can't find the specified secret." },
    }))
    const { secrets, logged } = open({
      SECRETS_PROVIDER: 'aws',
      AWS_ENDPOINT_URL: endpoint,
      ...credentials,
      API_KEY: 'from env',
    })
    expect(await secrets.getSecret('API_KEY')).toBe('from env')
    expect(logged).toEqual(['warn No secret "API_KEY" in aws.'])
  })

  it('AWS connection error → log an error, try the next provider', async () => {
    const endpoint = `http://127.0.0.1:${await closedPort()}`
    const { secrets, logged } = open({
      SECRETS_PROVIDER: 'aws',
      AWS_ENDPOINT_URL: endpoint,
      ...credentials,
      API_KEY: 'from env',
    })
    expect(await secrets.getSecret('API_KEY')).toBe('from env')
    expect(logged).toEqual([expect.stringMatching(/^error aws could not give "API_KEY": .*ECONNREFUSED/)])
  })

  it('secret not in any provider → nothing, or the default if there is one', async () => {
    const { secrets } = open({})
    expect(await secrets.getSecret('API_KEY')).toBeUndefined()
    expect(await secrets.getSecret('API_KEY', 'default')).toBe('default')
  })

  it('invalid JSON in a secret → log a warning, nothing', async () => {
    const { secrets, logged } = open({ CONFIG: '{"canary-5a1e' })
    expect(await secrets.getSecretJson('CONFIG', { a: 'default' })).toBeUndefined()
    expect(logged).toEqual(['warn The secret "CONFIG" of env is not valid JSON.'])
  })

  it('.env file missing → use the process’s environment only', async () => {
    const { secrets, logged } = open({ API_KEY: 'from the process', SECRETS_ENV_FOLDER: '/nowhere/at/all' })
    expect(await secrets.getSecret('API_KEY')).toBe('from the process')
    expect(logged).toEqual([])
  })
})

describe('the configuration matrix', () => {
  it('local: env, read from .env, fast, no API', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'keyplane-'))
    writeFileSync(join(folder, '.env'), 'API_KEY=from the file\n')
    const { secrets } = open({ SECRETS_ENV_FOLDER: folder })
    expect(await secrets.getSecret('API_KEY')).toBe('from the file')
    writeFileSync(join(folder, '.env'), 'API_KEY=edited\n')
    expect(await secrets.getSecret('API_KEY')).toBe('edited')
  })

  it.each([
    ['staging: aws, 300 s: short cache, rapid updates', '300', 300],
    ['production: aws, 3600 s: long cache, few calls', undefined, 3_600],
  ])('%s', async (_row, ttl, ttlSeconds) => {
    let version = 0
    const { endpoint, calls } = await startAws(() => {
      version += 1
      const id = `00000000-0000-4000-8000-00000000000${version}`
      const ARN = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:API_KEY-AbCdEf'
      const VersionIdsToStages = { [id]: ['AWSCURRENT'] }
      return {
        status: 200,
        body: {
          ARN,
          Name: 'API_KEY',
          VersionId: id,
          VersionStages: ['AWSCURRENT'],
          VersionIdsToStages,
          SecretString: `value ${version}`,
        },
      }
    })
    const clock = fakeClock()
    const env = { SECRETS_PROVIDER: 'aws', SECRETS_CACHE_TTL: ttl, AWS_ENDPOINT_URL: endpoint, ...credentials }
    expect(readSettings(env)).toMatchObject({ provider: 'aws', cacheTtlMs: ttlSeconds * 1_000 })
    const { secrets } = open(env, { clock, cache: { refreshAheadRatio: 0, readValueEveryNthCheck: 1 } })
    expect(await secrets.getSecret('API_KEY')).toBe('value 1')
    await clock.advance(ttlSeconds * 1_000 - 1_000)
    expect(await secrets.getSecret('API_KEY')).toBe('value 1')
    await clock.advance(2_000)
    expect(await secrets.getSecret('API_KEY')).toBe('value 2')
    expect(calls).toEqual(['GetSecretValue', 'GetSecretValue'])
  })
})
