import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '@keyplane/core'
import { type FakeClock, fakeClock } from '@keyplane/testkit'
import { beforeEach, describe, expect, it } from 'vitest'
import { runExtension } from '../src/run-extension.ts'
import { credentials, startFunction, type TestFunction } from './start-function.ts'

let folder: string
let { lambda, aws, url, env, ask } = {} as TestFunction
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keyplane-lambda-'))
  ;({ lambda, aws, url, env, ask } = await startFunction())
  return () => rmSync(folder, { recursive: true })
})

interface Started {
  readonly said: string[]
  readonly code: Promise<number>
  readonly clock: FakeClock
}

const start = (
  variables: Record<string, string> = {},
  toml = '',
  clockOf: (fake: FakeClock) => Clock = (fake) => fake,
): Started => {
  const config = join(folder, 'agent.toml')
  writeFileSync(config, toml)
  const said: string[] = []
  const clock = fakeClock()
  const code = runExtension({
    name: 'keyplane',
    env: { ...env, ...credentials, KEYPLANE_AGENT_CONFIG: config, ...variables },
    clock: clockOf(clock),
    stdout: (text) => void said.push(text),
  })
  return { said, code, clock }
}

const secret = '/secretsmanager/get?secretId=app/db'
const prefetching = '[prefetch]\nsecrets = [{ secret_id = "app/db" }]\n'

describe('the extension', () => {
  it('serves before it registers, waits for events, and ends in order', async () => {
    const { code, clock } = start()
    await lambda.came('GET event/next')
    expect(JSON.parse((await ask(secret)).body)).toMatchObject({ Name: 'app/db', SecretString: 'value of app/db' })
    const parameter = await ask('/systemsmanager/parameters/get?name=%2Fapp%2Fkey')
    expect(JSON.parse(parameter.body)).toMatchObject({ Parameter: { Value: 'value of /app/key' } })
    lambda.invoke()
    await lambda.came('GET event/next', 2)
    lambda.invoke()
    await lambda.came('GET event/next', 3)
    lambda.shutdown(clock.nowMs() + 2_000)
    expect(await code).toBe(0)
    expect(lambda.sequence).toEqual(['POST register', ...Array<string>(3).fill('GET event/next')])
    const [registered] = lambda.calls
    expect(registered?.headers['lambda-extension-name']).toBe('keyplane')
    expect(JSON.parse(registered?.body ?? '')).toEqual({ events: ['INVOKE', 'SHUTDOWN'] })
    await expect(fetch(`${url}/ping`)).rejects.toThrow('fetch failed')
  })

  it('wants the session’s token, as AWS’s extension does', async () => {
    const { code, clock } = start()
    await lambda.came('GET event/next')
    expect((await fetch(`${url}${secret}`)).status).toBe(403)
    lambda.shutdown(clock.nowMs())
    expect(await code).toBe(0)
  })

  it('has read what is to be prefetched when the function’s own start begins', async () => {
    const { code, clock } = start({}, prefetching)
    await lambda.came('POST register')
    expect(aws.calls).toEqual(['GetSecretValue'])
    lambda.shutdown(clock.nowMs())
    await code
  })

  it('does not keep the function from starting for longer than two seconds', async () => {
    aws.hangs = true
    const { clock } = start({}, prefetching)
    while ((await ask('/ping').catch(() => undefined))?.status !== 200)
      await new Promise((resolve) => setTimeout(resolve, 5))
    await clock.advance(1_999)
    expect(lambda.sequence).toEqual([])
    await clock.advance(1)
    await lambda.came('GET event/next')
    lambda.shutdown(clock.nowMs())
  })

  it('checks what was kept while Lambda had it frozen, though its own clock stood still', async () => {
    let frozenMs = 0
    const { code, clock } = start({}, '', (fake) => ({ ...fake, nowMs: () => fake.nowMs() + frozenMs }))
    await lambda.came('GET event/next')
    await ask(secret)
    await ask(secret)
    expect(aws.calls).toEqual(['GetSecretValue'])
    frozenMs = 3_600_000
    await ask(secret)
    expect(aws.calls).toEqual(['GetSecretValue', 'DescribeSecret'])
    lambda.shutdown(clock.nowMs())
    await code
  })

  it('ends by the deadline, whatever still runs', async () => {
    aws.hangs = true
    const { code, clock } = start()
    await lambda.came('GET event/next')
    const running = ask(secret).catch(() => 'cut')
    while (aws.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    lambda.shutdown(clock.nowMs() + 300)
    await new Promise((resolve) => setTimeout(resolve, 50))
    await clock.advance(300)
    expect(await code).toBe(0)
    expect(await running).toBe('cut')
  })
})

describe('under SnapStart', () => {
  const snapStart = { AWS_LAMBDA_INITIALIZATION_TYPE: 'snap-start' }

  it('nothing is read before the first invocation, whoever asks; then everything is', async () => {
    const { code, clock } = start(snapStart, prefetching)
    await lambda.came('GET event/next')
    const early = ask(secret)
    await new Promise((resolve) => setTimeout(resolve, 50))
    await clock.advance(1_000)
    expect((await early).status).toBe(500)
    expect([aws.calls, (await ask('/readyz')).body]).toEqual([[], 'prefetching'])
    lambda.invoke()
    await lambda.came('GET event/next', 2)
    while ((await ask('/readyz')).body !== 'ready') await clock.advance(10)
    expect(aws.calls).toEqual(['GetSecretValue'])
    expect((await ask(secret)).status).toBe(200)
    lambda.shutdown(clock.nowMs())
    expect(await code).toBe(0)
  })

  it('a request that is a moment ahead of the invocation is answered', async () => {
    const { clock } = start(snapStart)
    await lambda.came('GET event/next')
    const early = ask(secret)
    lambda.invoke()
    expect((await early).status).toBe(200)
    await lambda.came('GET event/next', 2)
    lambda.shutdown(clock.nowMs())
  })
})

describe('an extension that can not begin', () => {
  it('tells Lambda why, after it has registered', async () => {
    const { code, said } = start({ SECRETS_MANAGER_TTL: '-1', PARAMETERS_SECRETS_EXTENSION_CACHE_SIZE: 'x' })
    expect(await code).toBe(1)
    expect(lambda.sequence).toEqual(['POST register', 'POST init/error'])
    const told = lambda.calls[1]
    const body = told?.body ?? ''
    expect(told?.headers['lambda-extension-function-error-type']).toBe('Extension.config_invalid')
    expect(JSON.parse(body)).toMatchObject({ errorType: 'Extension.config_invalid' })
    for (const text of [said.join(''), body])
      expect(text).toContain('SECRETS_MANAGER_TTL is no whole number from 0 to 3600.')
  })

  it('ends with 1 where Lambda does not take it', async () => {
    lambda.faults = { 'POST register': 403 }
    const { code, said } = start()
    expect(await code).toBe(1)
    expect(said.join('')).toContain('answered register with 403')
    await expect(ask('/ping')).rejects.toThrow('fetch failed')
  })

  it('tells Lambda where it loses touch with it', async () => {
    lambda.faults = { 'GET event/next': 500 }
    const { code } = start()
    expect(await code).toBe(1)
    expect(lambda.sequence).toEqual(['POST register', 'GET event/next', 'POST exit/error'])
  })
})
