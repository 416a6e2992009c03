import { type Clock, SecretsError, type SecretProvider, type SecretVersion } from '@keyplane/core'
import { type FakeClock, fakeClock, seededRandom } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { LeaseSource, type LeaseSourceOptions } from '../../test/lease-source.ts'
import { openSecrets } from '../open-secrets.ts'
import { withLeases, type WithLeasesOptions } from './with-leases.ts'

const minute = 60_000
const hour = 60 * minute
const ref = { id: 'role/app' }

interface Started {
  readonly clock: FakeClock
  readonly source: LeaseSource
  readonly provider: SecretProvider
  readonly problems: string[]
  readonly get: () => Promise<SecretVersion>
  /** Asks every so often, for so long, and gives what came: versions, and failures' codes. */
  readonly asking: (forMs: number, everyMs: number) => Promise<Set<string | undefined>>
}

const start = (
  options: Partial<LeaseSourceOptions> = {},
  bounds: Partial<WithLeasesOptions['bounds']> = {},
  seenBy: (clock: FakeClock) => Clock = (clock) => clock,
): Started => {
  const clock = fakeClock()
  const source = new LeaseSource({ clock, ttlMs: hour, maxTtlMs: 24 * hour, ...options })
  const problems: string[] = []
  const provider = withLeases(source, {
    bounds: { budget: 10, overlapMs: minute, minLeftMs: 10_000, ...bounds },
    negativeTtlMs: 5_000,
    retryAfterFailureMs: 1_000,
    clock: seenBy(clock),
    random: seededRandom(3),
    onProblem: (problem) => problems.push(problem),
  })
  const get = async (): Promise<SecretVersion> => {
    const asked = provider.get(ref)
    asked.catch(() => undefined)
    await clock.advance(1)
    return asked
  }
  const asking: Started['asking'] = async (forMs, everyMs) => {
    const came = new Set<string | undefined>()
    for (let passedMs = 0; passedMs < forMs; passedMs += everyMs) {
      came.add(
        await get().then(
          ({ version }) => version,
          ({ code }: SecretsError) => code,
        ),
      )
      await clock.advance(everyMs - 1)
    }
    return came
  }
  return { clock, source, provider, problems, get, asking }
}

const down = (): SecretsError => new SecretsError('unavailable', 'down', { reason: 'refused' })
const denied = (): SecretsError => new SecretsError('access_denied', 'no')

describe('a credential with a lease', () => {
  it('is one for five hundred who ask at once, and for all who ask later', async () => {
    const { source, provider, clock } = start({ latencyMs: 20 })
    const asked = Promise.all(Array.from({ length: 500 }, () => provider.get(ref)))
    await clock.advance(100)
    expect(new Set((await asked).map(({ version }) => version))).toEqual(new Set(['v1']))
    expect((await provider.get(ref)).version).toBe('v1')
    expect(source.calls).toEqual(['get'])
  })

  it('is renewed at two thirds of its life, give or take a twentieth, while somebody asks for it', async () => {
    const { source, asking } = start()
    expect(await asking(37 * minute, minute)).toEqual(new Set(['v1']))
    expect(source.count('renew')).toBe(0)
    await asking(6 * minute, minute)
    expect(source.count('renew')).toBe(1)
    expect(await asking(10 * hour, minute)).toEqual(new Set(['v1']))
  })

  it('is given with its end as it is after a renewal', async () => {
    const { source, asking, get, clock } = start()
    await asking(50 * minute, minute)
    const { lease, version } = await get()
    expect(Math.abs((lease?.expiresAtMs ?? 0) - clock.nowMs() - source.leftMs(version))).toBeLessThan(2)
  })

  it.each([
    ['an hour, its longest life two', { ttlMs: hour, maxTtlMs: 2 * hour }, minute],
    ['an hour and can’t be renewed', { ttlMs: hour, maxTtlMs: hour, renewable: false }, minute],
    ['two minutes', { ttlMs: 2 * minute, maxTtlMs: 5 * minute }, 30_000],
  ])('that lasts for %s is replaced while it lives', async (_what, options, overlapMs) => {
    const { source, get, clock } = start(options)
    let last = await get()
    let replaced = 0
    for (let passedMs = 0; passedMs < 6 * hour; passedMs += 5_000) {
      const next = await get()
      if (next.version !== last.version) {
        // Some of the time since the one before was last given is this loop's.
        expect(source.leftMs(last.version)).toBeGreaterThanOrEqual(overlapMs - 5_000)
        replaced += 1
      }
      last = next
      await clock.advance(4_999)
    }
    expect(replaced).toBeGreaterThan(2)
    expect(source.living.length).toBeLessThanOrEqual(2)
  })

  it('that ended while the machine slept, and its monotonic clock with it, is not given', async () => {
    let sleptMs = 0
    const { get } = start({}, {}, (clock) => ({ ...clock, nowMs: () => clock.nowMs() + sleptMs }))
    await get()
    sleptMs = 2 * hour
    expect((await get()).version).toBe('v2')
  })

  it('for which nobody asks is let go, and is there at once for who asks while it lives', async () => {
    const { source, get, clock } = start()
    await get()
    await clock.advance(95 * minute)
    expect([source.count('renew'), source.living.length]).toEqual([1, 1])
    expect((await get()).version).toBe('v1')
    expect(source.count('renew')).toBe(2)
    await clock.advance(5 * hour)
    expect(source.living).toEqual([])
    expect((await get()).version).toBe('v2')
  })

  it('that the caller saw refused is replaced for all', async () => {
    const { provider, get } = start()
    await get()
    const other = await provider.get(ref, { freshness: { exceptVersion: 'v1' } })
    expect([other.version, (await get()).version]).toEqual(['v2', 'v2'])
  })

  it('is of no other version, and beside it static secrets are read as ever', async () => {
    const { source, provider } = start()
    expect((await provider.get({ id: 'static' })).value.reveal()).toBe('static')
    await provider.get({ ...ref, version: 'v7' })
    expect(source.calls).toEqual(['get', 'get'])
  })
})

describe('a source that fails', () => {
  it('costs no credential that lives, and one that has ended is not given', async () => {
    const { source, get, asking } = start()
    await get()
    source.faults.get = source.faults.renew = down()
    expect(await asking(59.5 * minute, 10_000)).toEqual(new Set(['v1']))
    expect((await asking(minute, 10_000)).has('unavailable')).toBe(true)
    source.faults.get = source.faults.renew = undefined
    expect(await asking(minute, 10_000)).toEqual(new Set(['v2']))
  })

  it('in time for a renewal is asked again, and nobody notices', async () => {
    const { source, get, asking } = start()
    await get()
    source.faults.renew = down()
    await asking(50 * minute, 10_000)
    source.faults.renew = undefined
    expect(await asking(5 * hour, minute)).toEqual(new Set(['v1']))
  })

  it('is asked once in a second for a credential that there is not, and once in five where it refuses', async () => {
    for (const [fault, calls] of [
      [down(), 10],
      [denied(), 2],
    ] as const) {
      const { source, asking } = start()
      source.faults.get = fault
      await asking(10_000, 100)
      expect(Math.abs(source.count('get') - calls)).toBeLessThanOrEqual(1)
    }
  })

  it('that has ended a lease before its time is asked for another credential', async () => {
    const { source, get, asking } = start()
    const { lease } = await get()
    if (lease) await source.leases.revoke(lease)
    source.calls.pop()
    await asking(45 * minute, minute)
    expect((await get()).version).toBe('v2')
    expect(source.calls).toEqual(['get', 'renew', 'get'])
  })

  it('that lets nobody renew is asked for the next one instead, and the operator is told', async () => {
    const { source, asking, problems } = start()
    source.faults.renew = denied()
    expect((await asking(3 * hour, minute)).size).toBeGreaterThan(2)
    expect(problems[0]).toMatch(/"role\/app" be renewed/)
  })

  it('that refuses the next credential takes back the one that is held', async () => {
    const { source, asking, get } = start({ renewable: false })
    await asking(minute, minute)
    source.faults.get = denied()
    expect(await asking(58.5 * minute, 10_000)).toEqual(new Set(['v1', 'access_denied']))
    expect(source.leftMs('v1')).toBeGreaterThan(0)
    source.faults.get = undefined
    await asking(6_000, 1_000)
    expect((await get()).version).toBe('v2')
  })

  it('takes credentials with the login by which they were made', async () => {
    const { source, get, clock } = start()
    await get()
    source.login.endsAtMs = clock.monotonicMs() + 20_000
    expect((await get()).lease?.expiresAtMs).toBe(clock.nowMs() + 19_999)
    await clock.advance(15_000)
    source.login.endsAtMs = Infinity
    expect((await get()).version).toBe('v1')
    source.login.endsAtMs = clock.monotonicMs()
    source.login = { endsAtMs: Infinity }
    expect((await get()).version).toBe('v2')
  })

  it('whose answers are lost makes no more credentials than the budget', async () => {
    const { source, asking } = start({}, { budget: 4 })
    source.faults.get = new SecretsError('timeout', 'hung')
    expect([...(await asking(30_000, 1_000))]).toEqual(['timeout', 'rate_limited'])
    expect(source.count('get')).toBe(4)
  })
})

describe('a budget', () => {
  it('is of credentials that live: beyond it nobody gets another one, and is told when', async () => {
    const { provider, get, clock } = start({}, { budget: 2 })
    await get()
    await provider.get(ref, { freshness: { exceptVersion: 'v1' } })
    const refused = await provider.get(ref, { freshness: { exceptVersion: 'v2' } }).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'rate_limited', reason: 'lease_budget', retryAfterMs: hour - 1 })
    expect((await get()).version).toBe('v2')
    await clock.advance(hour)
    expect((await get()).version).toBe('v2')
  })
})

describe('the end', () => {
  it('of the provider ends all that lives, and makes nothing any more', async () => {
    const { source, provider, get, clock } = start()
    await get()
    await provider.get(ref, { freshness: { exceptVersion: 'v1' } })
    const closing = provider.close?.()
    await clock.advance(10)
    await closing
    expect([source.living, source.count('revoke'), source.closed, clock.waiting]).toEqual([[], 2, true, 0])
    await expect(provider.get(ref)).rejects.toMatchObject({ code: 'closed' })
  })

  it('waits for a credential that is being made, and ends it', async () => {
    const { source, provider, clock } = start({ latencyMs: 500 })
    const asked = provider.get(ref)
    await clock.advance(100)
    const closing = provider.close?.()
    await clock.advance(2_000)
    await Promise.all([asked, closing])
    expect(source.living).toEqual([])
  })

  it('is the end of renewals too: one that finds its lease gone makes no other', async () => {
    const { source, provider, clock } = start({ latencyMs: 500 })
    const first = provider.get(ref)
    await clock.advance(37 * minute)
    await first
    while (source.count('renew') === 0) await clock.advance(400)
    for (const one of source.made.values()) one.endsAtMs = -Infinity
    await Promise.all([provider.close?.(), clock.advance(5_000)])
    expect([source.count('get'), source.living]).toEqual([1, []])
  })

  it('is no longer than three seconds, and what could not be ended is told without a lease’s id', async () => {
    const { source, provider, get, clock, problems } = start({ latencyMs: 0 })
    await get()
    source.faults.revoke = down()
    await provider.close?.()
    expect(problems).toEqual([expect.stringMatching(/^1 of the leases of "role\/app" could not be ended/)])
    const slow = start({ latencyMs: 60_000 })
    const asked = slow.provider.get(ref)
    asked.catch(() => undefined)
    const closing = slow.provider.close?.()
    await slow.clock.advance(3_000)
    await closing
    expect(slow.problems).toHaveLength(1)
    await clock.advance(0)
  })
})

it('the library shares leases under its cache, and says that they are not old', async () => {
  const clock = fakeClock()
  const source = new LeaseSource({ clock, ttlMs: hour, maxTtlMs: 24 * hour })
  const log = { warn: () => {}, error: () => {} }
  const secrets = openSecrets({ providers: [source], environment: false, clock, random: seededRandom(1), log, env: {} })
  const read = async (): Promise<string | undefined> => (await secrets.read(ref, { required: true })).version.version
  expect(await Promise.all([read(), read(), read()])).toEqual(['v1', 'v1', 'v1'])
  await clock.advance(55 * minute)
  source.faults.renew = source.faults.get = down()
  const { version, failure } = await secrets.read(ref, { required: true })
  expect([version.version, failure]).toEqual(['v1', undefined])
  await secrets.close()
  expect(source.living).toEqual([])
})
