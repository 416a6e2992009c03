import { inspect } from 'node:util'
import { fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { awsCredentials } from './credential-source.ts'

const env = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'secret-canary', AWS_SESSION_TOKEN: 'token' }

const chainOf = (give: () => Promise<object>) => {
  let loads = 0
  let calls = 0
  const loadChain = async () => {
    loads += 1
    return async () => {
      calls += 1
      return (await give()) as { accessKeyId: string; secretAccessKey: string }
    }
  }
  return { loadChain, counts: () => ({ loads, calls }) }
}

describe('AWS credentials', () => {
  it('that are given are used as they are', async () => {
    const given = { accessKeyId: 'A', secretAccessKey: 'B' }
    expect(await awsCredentials(env, { credentials: given })()).toBe(given)
  })

  it('come from the environment next', async () => {
    expect(await awsCredentials(env)()).toEqual({
      accessKeyId: 'AKID',
      secretAccessKey: 'secret-canary',
      sessionToken: 'token',
    })
    expect(await awsCredentials({ ...env, AWS_SESSION_TOKEN: '' })()).not.toHaveProperty('sessionToken')
  })

  it('that are half set are a mistake, told without a value', async () => {
    const half = awsCredentials({ AWS_SECRET_ACCESS_KEY: 'secret-canary' })()
    const error = await half.catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'source_misconfigured', reason: 'incomplete_credentials' })
    expect(inspect(error, { depth: 10 })).not.toContain('canary')
  })

  it.each([
    { AWS_SESSION_TOKEN: 'token-canary\n' },
    { AWS_ACCESS_KEY_ID: 'AKID-canary\n' },
    { AWS_SECRET_ACCESS_KEY: 'secret-canary\n' },
  ])('that no request can carry are a mistake, told without a value (%#)', async (wrong) => {
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = { ...env, ...wrong }
    const whole = {
      accessKeyId: AWS_ACCESS_KEY_ID,
      secretAccessKey: AWS_SECRET_ACCESS_KEY,
      sessionToken: AWS_SESSION_TOKEN,
    }
    const sources = [
      awsCredentials({ ...env, ...wrong }),
      awsCredentials({}, { credentials: whole }),
      awsCredentials(
        {},
        chainOf(async () => whole),
      ),
    ]
    for (const source of sources) {
      const error = await source().catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'source_misconfigured', reason: 'invalid_credentials' })
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('canary')
    }
  })

  it('are asked for anew once they are forgotten, even where a chain hangs', async () => {
    const hung = new Promise<object>(() => {})
    const answers = [hung, Promise.resolve({ accessKeyId: 'A', secretAccessKey: 'B' })]
    const { loadChain } = chainOf(() => answers.shift() ?? hung)
    const source = awsCredentials({}, { clock: fakeClock(), loadChain })
    source().catch(() => {})
    await new Promise(setImmediate)
    source.forget?.()
    expect(await source()).toMatchObject({ accessKeyId: 'A' })
  })

  it('come from the chain last, once for any number of waiters, until five minutes before they expire', async () => {
    const clock = fakeClock()
    const chain = chainOf(async () => ({
      accessKeyId: 'A',
      secretAccessKey: 'B',
      expiration: new Date(clock.nowMs() + 3_600_000),
    }))
    const source = awsCredentials({}, { clock, loadChain: chain.loadChain })
    await Promise.all([source(), source(), source()])
    await clock.advance(3_600_000 - 300_001)
    expect(await source()).toMatchObject({ accessKeyId: 'A', expiresAtMs: Date.UTC(2026, 0, 1, 1) })
    expect(chain.counts()).toEqual({ loads: 1, calls: 1 })
    await clock.advance(1)
    await source()
    expect(chain.counts()).toEqual({ loads: 1, calls: 2 })
  })

  it('that cannot be renewed are used until they expire', async () => {
    const clock = fakeClock()
    let fails = false
    const chain = chainOf(async () => {
      if (fails) throw new Error('metadata is away')
      return { accessKeyId: 'A', secretAccessKey: 'B', expiration: new Date(clock.nowMs() + 600_000) }
    })
    const source = awsCredentials({}, { clock, loadChain: chain.loadChain })
    await source()
    fails = true
    await clock.advance(599_999)
    expect(await source()).toMatchObject({ accessKeyId: 'A' })
    await clock.advance(1)
    await expect(source()).rejects.toMatchObject({ code: 'unavailable', reason: 'credentials' })
    fails = false
    expect(await source()).toMatchObject({ accessKeyId: 'A' })
  })

  it('are fetched anew once they are forgotten', async () => {
    const chain = chainOf(async () => ({ accessKeyId: 'A', secretAccessKey: 'B' }))
    const source = awsCredentials({}, { loadChain: chain.loadChain })
    await source()
    source.forget?.()
    await source()
    expect(chain.counts().calls).toBe(2)
  })

  it('of a chain that hangs are asked for anew after a minute, and the old ones used after five seconds', async () => {
    const clock = fakeClock()
    const good = () => ({ accessKeyId: 'A', secretAccessKey: 'B', expiration: new Date(clock.nowMs() + 600_000) })
    const hung = new Promise<object>(() => {})
    let answer: () => Promise<object> = () => hung
    const source = awsCredentials({}, { clock, loadChain: chainOf(() => answer()).loadChain })
    const first = source().catch((error: unknown) => error)
    await clock.advance(60_000)
    expect(await first).toMatchObject({ code: 'timeout', reason: 'credentials' })
    answer = async () => good()
    expect(await source()).toMatchObject({ accessKeyId: 'A' })
    await clock.advance(400_000)
    answer = () => hung
    const renewed = source()
    await clock.advance(5_000)
    expect(await renewed).toMatchObject({ accessKeyId: 'A' })
  })

  it('that are nowhere are a mistake, told without what a provider said', async () => {
    const chain = chainOf(async () => {
      throw Object.assign(new Error('Command failed: login --password secret-canary'), {
        name: 'CredentialsProviderError',
      })
    })
    const error = await awsCredentials({}, { loadChain: chain.loadChain })().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'source_misconfigured', reason: 'no_credentials' })
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('canary')
  })
})
