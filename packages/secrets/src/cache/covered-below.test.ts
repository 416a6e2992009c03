import { type SecretProvider, SecretsError, type SecretVersion, TextValue } from '@keyplane/core'
import { fakeClock, seededRandom } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { openSecrets } from '../open-secrets.ts'

const minute = 60_000
const down = new SecretsError('unavailable', 'down')

/** A manager with a layer of the caller's, which keeps what its source gave last and covers a failure by it. */
const start = () => {
  const clock = fakeClock()
  let fails = false
  let reads = 0
  const source: SecretProvider = {
    name: 'remote',
    get: async ({ id }) => {
      reads += 1
      if (fails) throw down
      return Object.freeze({ id, version: '1', value: new TextValue('value') })
    },
  }
  let kept: SecretVersion | undefined
  const between = (below: SecretProvider): SecretProvider => ({
    ...below,
    get: async (ref, call) => {
      try {
        kept = { ...(await below.get(ref, call)), confirmedAtMs: clock.nowMs() }
        return kept
      } catch (failure) {
        if (kept) return { ...kept, failure: failure as SecretsError }
        throw failure
      }
    },
  })
  const options = { providers: [source], environment: false, clock, random: seededRandom(1), env: {}, attempts: 1 }
  const open = () =>
    openSecrets({ ...options, between, cacheTtl: '5m', cache: { maxStale: '1h' }, log: { warn() {}, error() {} } })
  return { clock, open, fail: () => (fails = true), reads: () => reads }
}

describe('what a layer below the cache covers a failure by', () => {
  it('is as old as it says and has its failure, in a process that never asked before', async () => {
    const { clock, open, fail, reads } = start()
    await open().read({ id: 'a' })
    await clock.advance(20 * minute)
    fail()
    const secrets = open()
    const reading = await secrets.read({ id: 'a' }, { required: true })
    expect(reading.failure).toBe(down)
    expect(clock.monotonicMs() - reading.confirmedAtMs).toBe(20 * minute)
    expect(reading.freshUntilMs).toBeLessThan(clock.monotonicMs())
    await secrets.read({ id: 'a' })
    expect(reads()).toBe(2)
  })

  it('is for no caller who takes nothing stale, and for nobody after the longest time', async () => {
    const { clock, open, fail } = start()
    await open().read({ id: 'a' })
    await clock.advance(20 * minute)
    fail()
    const secrets = open()
    const strict = () => secrets.read({ id: 'a' }, { required: true, freshness: { maxStaleMs: 0 } })
    await expect(strict()).rejects.toBe(down)
    await secrets.read({ id: 'a' }, { required: true })
    await expect(strict()).rejects.toBe(down)
    await clock.advance(46 * minute)
    await expect(secrets.read({ id: 'a' }, { required: true })).rejects.toBe(down)
  })
})
