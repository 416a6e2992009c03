import { SecretsError, type SecretProvider } from '@keyplane/core'
import { type FakeClock, fakeClock, seededRandom } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { LeaseSource } from '../../test/lease-source.ts'
import { ScriptedSource } from '../../test/scripted-source.ts'
import { around } from './around.ts'
import { withBreaker } from './with-breaker.ts'
import { withAttemptTimeout, withDeadline } from './with-deadline.ts'
import { withRetry } from './with-retry.ts'

const failing = (code: 'unavailable' | 'timeout' | 'access_denied', extra = {}): SecretsError =>
  new SecretsError(code, code, extra)

const outcome = async (clock: FakeClock, act: Promise<unknown>, afterMs = 0): Promise<string> => {
  const result = act.then(
    () => 'ok',
    (error: SecretsError) => error.reason ?? error.code ?? error.message,
  )
  await clock.advance(afterMs)
  return Promise.race([result, Promise.resolve('waiting')])
}

const start = (layer: (source: SecretProvider, clock: FakeClock) => SecretProvider) => {
  const clock = fakeClock()
  const source = new ScriptedSource({ a: 'one' })
  const provider = layer(source, clock)
  const get = (call = {}) => provider.get({ id: 'a' }, call)
  return { clock, source, provider, get }
}

/** A source that is asked for several secrets in one call, and counts all calls. */
class ManyAtOnce extends ScriptedSource {
  readonly many: NonNullable<SecretProvider['many']> = {
    maxRefs: 10,
    get: (refs) =>
      Promise.all(
        refs.map((ref) =>
          this.get(ref).then(
            (value) => ({ ok: true as const, value }),
            (error: SecretsError) => ({ ok: false as const, error }),
          ),
        ),
      ),
  }

  get asked(): number {
    return this.calls.get.length + this.calls.describe.length
  }
}

const leasesOf = (leased: string): NonNullable<SecretProvider['leases']> => ({
  isLeased: ({ id }) => id === leased,
  renew: () => expect.unreachable(),
  revoke: () => expect.unreachable(),
})

describe('retry', () => {
  const withRetries = () => start((source, clock) => withRetry(source, { clock, random: seededRandom(1), attempts: 3 }))

  it('asks again where the failure may pass, three times in all', async () => {
    const { clock, source, get } = withRetries()
    source.failure = failing('unavailable')
    expect(await outcome(clock, get(), 5_000)).toBe('unavailable')
    expect(source.calls.get).toHaveLength(3)
  })

  it('never repeats a refusal or a hang', async () => {
    const { clock, source, get } = withRetries()
    for (const code of ['access_denied', 'timeout'] as const) {
      source.failure = failing(code)
      expect(await outcome(clock, get(), 5_000)).toBe(code)
    }
    expect(source.calls.get).toHaveLength(2)
  })

  it('waits as long as the source asks', async () => {
    const { clock, source, get } = withRetries()
    source.failure = failing('unavailable', { retryAfterMs: 700 })
    const result = get().catch(() => {})
    await clock.advance(699)
    expect(source.calls.get).toHaveLength(1)
    await clock.advance(1)
    expect(source.calls.get).toHaveLength(2)
    await clock.advance(5_000)
    await result
  })

  it('never begins a wait that ends after the caller’s deadline', async () => {
    const { clock, source, get } = withRetries()
    source.failure = failing('unavailable', { retryAfterMs: 700 })
    expect(await outcome(clock, get({ deadlineAtMs: 500 }))).toBe('unavailable')
    expect(source.calls.get).toHaveLength(1)
  })

  it('ends its wait when the caller leaves', async () => {
    const { clock, source, get } = withRetries()
    source.failure = failing('unavailable', { retryAfterMs: 700 })
    const controller = new AbortController()
    const result = get({ signal: controller.signal })
    const told = result.catch((error: Error) => error.message)
    await clock.advance(10)
    controller.abort(new Error('left'))
    expect(await told).toBe('left')
    expect(clock.waiting).toBe(0)
  })
})

describe('the breaker', () => {
  const withBreakers = () => start((source, clock) => withBreaker(source, { clock, failures: 3, openMs: 1_000 }))

  it('opens after failures in a row, and is tried behind its callers when its time is up', async () => {
    const { clock, source, get } = withBreakers()
    source.failure = failing('unavailable')
    for (let call = 0; call < 3; call += 1) expect(await outcome(clock, get())).toBe('unavailable')
    expect(await outcome(clock, get())).toBe('breaker_open')
    source.failure = undefined
    const release = source.hold()
    await clock.advance(1_000)
    expect(source.calls.get).toHaveLength(4)
    expect(await outcome(clock, get())).toBe('breaker_open')
    release()
    await clock.advance(1)
    expect(await outcome(clock, get())).toBe('ok')
    expect(source.calls.get).toHaveLength(5)
  })

  it('opens at once on a hang, and again each time that it is tried and fails: nobody waits', async () => {
    const { clock, source, get } = withBreakers()
    source.failure = failing('timeout')
    expect(await outcome(clock, get())).toBe('timeout')
    for (let second = 1; second < 10; second += 1) {
      expect(await outcome(clock, get())).toBe('breaker_open')
      await clock.advance(1_000)
      expect(source.calls.get).toHaveLength(1 + second)
    }
  })

  it('is tried by the next caller where nobody has asked for a minute, and not before', async () => {
    const { clock, source, get } = withBreakers()
    source.failure = failing('timeout')
    expect(await outcome(clock, get())).toBe('timeout')
    await clock.advance(3_600_000)
    expect(source.calls.get).toHaveLength(1 + 60)
    expect(clock.waiting).toBe(0)
    source.failure = undefined
    expect(await outcome(clock, get())).toBe('ok')
  })

  it.each(['many', 'state'] as const)(
    'is tried behind its callers by reads of several secrets, too: %s',
    async (ability) => {
      const clock = fakeClock()
      const source = new ManyAtOnce({ a: 'one' })
      const provider = withBreaker(source, { clock, openMs: 1_000 })
      const read = async (): Promise<unknown> => {
        const refs = [{ id: 'a' }]
        const [first] = (await (ability === 'many' ? provider.many?.get(refs) : provider.state?.describe(refs))) ?? []
        return !first || first.ok ? 'ok' : (first.error.reason ?? first.error.code)
      }
      source.failure = failing('timeout')
      expect(await read()).toBe('timeout')
      source.failure = undefined
      expect(await read()).toBe('breaker_open')
      await clock.advance(1_000)
      expect(source.asked).toBe(2)
      expect(await read()).toBe('ok')
    },
  )

  it('is not tried behind its callers by reads of which one makes a credential', async () => {
    const clock = fakeClock()
    const source = Object.assign(new ManyAtOnce({ a: 'one' }), { leases: leasesOf('role/app') })
    const provider = withBreaker(source, { clock, openMs: 1_000 })
    source.failure = failing('timeout')
    await provider.many?.get([{ id: 'a' }, { id: 'role/app' }])
    expect(clock.waiting).toBe(0)
    await provider.many?.get([{ id: 'role/app' }])
    expect(clock.waiting).toBe(0)
  })

  it('is not tried behind its callers by a write, nor by what makes a credential, nor once it is closed', async () => {
    const clock = fakeClock()
    const source = new LeaseSource({ clock, ttlMs: 60_000, maxTtlMs: 60_000 })
    const provider = withBreaker(source, { clock, failures: 3, openMs: 1_000 })
    source.faults.get = failing('timeout')
    expect(await outcome(clock, provider.get({ id: 'role/app' }))).toBe('timeout')
    expect(clock.waiting).toBe(0)
    expect(await outcome(clock, provider.get({ id: 'a' }))).toBe('timeout')
    expect(clock.waiting).toBe(1)
    await provider.close?.()
    expect(clock.waiting).toBe(0)
  })

  it('is not tried behind its callers by a read that fails after the end', async () => {
    const clock = fakeClock()
    const source = new ManyAtOnce({ a: 'one' })
    const provider = withBreaker(source, { clock, openMs: 1_000 })
    source.failure = failing('timeout')
    const reading = provider.many?.get([{ id: 'a' }])
    await provider.close?.()
    await reading
    expect(clock.waiting).toBe(0)
  })

  // One role that STS did not answer for took down every other read.
  it('counts a role’s failures for that role alone', async () => {
    const { clock, source, provider, get } = withBreakers()
    const by = (as: string) => provider.get({ id: 'a', as })
    source.failure = failing('timeout')
    expect(await outcome(clock, by('one'))).toBe('timeout')
    expect(await outcome(clock, by('one'))).toBe('breaker_open')
    expect(await outcome(clock, by('two'))).toBe('timeout')
    source.failure = undefined
    expect(await outcome(clock, get())).toBe('ok')
    expect(await outcome(clock, by('three'))).toBe('ok')
    expect(await outcome(clock, by('one'))).toBe('breaker_open')
    await clock.advance(1_000)
    expect(await outcome(clock, by('one'))).toBe('ok')
  })

  // A database that hung behind one credential took down every other read of its source.
  it('counts a credential’s failures for that credential alone', async () => {
    const clock = fakeClock()
    const source = new LeaseSource({ clock, ttlMs: 60_000, maxTtlMs: 60_000 })
    const provider = withBreaker(source, { clock, failures: 3, openMs: 1_000 })
    const { lease = expect.unreachable() } = await provider.get({ id: 'role/app' })
    source.faults.get = failing('timeout')
    source.faults.renew = failing('timeout')
    expect(await outcome(clock, provider.get({ id: 'role/app' }))).toBe('timeout')
    expect(await outcome(clock, provider.get({ id: 'role/app' }))).toBe('breaker_open')
    // A renewal is tried each time that it is asked for: the one in between may be the one that saves the lease.
    for (let attempt = 0; attempt < 4; attempt += 1)
      expect(await outcome(clock, provider.leases?.renew(lease) ?? expect.unreachable())).toBe('timeout')
    source.faults.get = undefined
    expect(await outcome(clock, provider.get({ id: 'a' }))).toBe('ok')
  })

  // The last attempt failed by the breaker that the one before had opened, and what the source had said was lost.
  it('that opens between two attempts hides nothing of what opened it', async () => {
    const { clock, source, get } = start((inner, clock) =>
      withRetry(withBreaker(inner, { clock, failures: 2 }), { clock, random: seededRandom(1), attempts: 3 }),
    )
    source.failure = failing('unavailable', { reason: 'the source’s own' })
    expect(await outcome(clock, get(), 2_000)).toBe('the source’s own')
    expect(await outcome(clock, get(), 2_000)).toBe('breaker_open')
  })

  it('sees a source that is away in the outcomes of a check too, and retry asks again', async () => {
    const { clock, source, provider, get } = start((inner, clock) =>
      withRetry(withBreaker(inner, { clock, failures: 3 }), { clock, random: seededRandom(1), attempts: 3 }),
    )
    source.failure = failing('unavailable')
    const outcomes = provider.state?.describe([{ id: 'a' }])
    await clock.advance(5_000)
    expect(await outcomes).toMatchObject([{ ok: false, error: { code: 'unavailable' } }])
    expect(source.calls.describe).toHaveLength(3)
    expect(await outcome(clock, get())).toBe('breaker_open')
  })

  it('counts neither refusals nor callers that left', async () => {
    const { clock, source, get } = withBreakers()
    source.failure = failing('access_denied')
    for (let call = 0; call < 5; call += 1) expect(await outcome(clock, get())).toBe('access_denied')
    source.failure = undefined
    for (let call = 0; call < 5; call += 1) {
      const controller = new AbortController()
      source.hold()
      const result = get({ signal: controller.signal })
      controller.abort(new Error('left'))
      expect(await outcome(clock, result)).toBe('left')
    }
    source.hold()()
    expect(await outcome(clock, get())).toBe('ok')
  })
})

describe('time bounds', () => {
  it('end an attempt with timeout, and abort what the source is doing', async () => {
    const { clock, source, get } = start((inner, clock) => withAttemptTimeout(inner, { timeoutMs: 100, clock }))
    source.hold()
    expect(await outcome(clock, get(), 100)).toBe('timeout')
    expect(source.aborted).toBe(1)
    expect(clock.waiting).toBe(0)
  })

  it('hold for all attempts together', async () => {
    const { clock, source, get } = start((inner, clock) =>
      withDeadline(withRetry(inner, { clock, random: seededRandom(1), attempts: 100, baseMs: 100 }), {
        timeoutMs: 500,
        clock,
      }),
    )
    source.failure = failing('unavailable')
    expect(await outcome(clock, get(), 500)).toBe('unavailable')
  })

  it('pass the reason of the caller’s abort on', async () => {
    const { clock, source, get } = start((inner, clock) => withDeadline(inner, { timeoutMs: 500, clock }))
    source.hold()
    const controller = new AbortController()
    const result = get({ signal: controller.signal })
    controller.abort(new Error('left'))
    expect(await outcome(clock, result)).toBe('left')
  })
})

describe('a layer', () => {
  it('carries each ability that its provider has, and adds none', () => {
    const source = new ScriptedSource()
    const layered = around(source, (act, call) => act(call))
    expect(Object.keys(layered).sort()).toEqual(['close', 'get', 'name', 'refresh', 'state'])
  })
})
