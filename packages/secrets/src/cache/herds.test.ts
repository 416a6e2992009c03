import { type SecretRef, SecretsError } from '@keyplane/core'
import { fakeClock, seededRandom } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { ScriptedSource } from '../../test/scripted-source.ts'
import { withBatching } from '../resilience/with-batching.ts'
import { withCache } from './with-cache.ts'

/** A source that reads up to ten together. */
class Herded extends ScriptedSource {
  readonly batches: string[][] = []
  saves = true
  readonly many = {
    maxRefs: 10,
    savesCalls: () => this.saves,
    get: async (refs: readonly SecretRef[]) => {
      this.batches.push(refs.map(({ id }) => id))
      return Promise.all(
        refs.map((ref) =>
          this.get(ref).then(
            (value) => ({ ok: true as const, value }),
            (error: SecretsError) => ({ ok: false as const, error }),
          ),
        ),
      )
    },
  }
}

const start = async (count: number) => {
  const clock = fakeClock()
  const ids = Array.from({ length: count }, (_, index) => `k${index}`)
  const source = new Herded(Object.fromEntries(ids.map((id) => [id, `value of ${id}`])))
  const cache = withCache(withBatching(source), {
    ttlMs: 60_000,
    maxEntries: 1_000,
    staleWhileRevalidateMs: 0,
    maxStaleMs: 0,
    negativeTtlMs: 1_000,
    retryAfterFailureMs: 1_000,
    refreshAheadRatio: 0,
    readValueEveryNthCheck: 100,
    clock,
    random: seededRandom(1),
  })
  const ask = (...wanted: readonly string[]) =>
    Promise.all(wanted.map(async (id) => (await cache.get({ id })).value.reveal()))
  await ask(...ids)
  await clock.advance(60_000)
  source.batches.length = 0
  source.calls.get.length = 0
  return { clock, source, cache, ask, ids }
}

describe('answers that expire together', () => {
  it('are checked without being read where one alone is asked for', async () => {
    const { source, ask } = await start(30)
    await ask('k0')
    expect([source.calls.describe, source.calls.get]).toEqual([['arn:k0'], []])
  })

  it('are read together where several are asked for, and the next expired come along', async () => {
    const { source, ask } = await start(30)
    await ask('k3', 'k5')
    expect(source.calls.describe).toEqual([])
    expect(source.batches.map((ids) => ids.toSorted())).toEqual([Array.from({ length: 10 }, (_, index) => `k${index}`)])
    await ask('k0', 'k1', 'k2')
    expect(source.batches).toHaveLength(1)
  })

  it('are read together, too, where one falls due while another is being asked about', async () => {
    const { source, ask } = await start(30)
    const release = source.hold()
    const first = ask('k20')
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    const second = ask('k21')
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    release()
    await Promise.all([first, second])
    expect(source.calls.describe).toEqual(['arn:k20'])
    expect(source.batches).toHaveLength(1)
    expect(source.batches[0]).toHaveLength(10)
  })

  it('cost a tenth of the calls, however they are asked for', async () => {
    const { source, ask, ids } = await start(100)
    await ask(...ids)
    expect(source.batches).toHaveLength(10)
    expect(source.calls.describe).toEqual([])
  })

  it('do not set off one another: what came along takes nothing along', async () => {
    const { source, ask } = await start(100)
    await ask('k0', 'k1')
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    expect(source.batches).toHaveLength(1)
  })

  it('are checked one by one where the source saves nothing by it', async () => {
    const { source, ask } = await start(5)
    source.saves = false
    await ask('k0', 'k1')
    expect([source.calls.describe, source.batches]).toEqual([['arn:k0', 'arn:k1'], []])
  })

  it('show a change, an absence and a refusal each for itself', async () => {
    const { source, ask } = await start(3)
    source.set('k0', 'new', 'v2')
    source.values.delete('k1')
    const [changed, gone, same] = await Promise.allSettled(['k0', 'k1', 'k2'].map((id) => ask(id)))
    expect([changed, same]).toMatchObject([{ value: ['new'] }, { value: ['value of k2'] }])
    expect(gone).toMatchObject({ reason: { code: 'secret_not_found' } })
  })

  it('leave alone what is suspended, fresh, of one version or of a stage', async () => {
    const { source, cache, ask, clock } = await start(4)
    cache.invalidate({ kind: 'withdrawn', id: 'k2' })
    await cache.get({ id: 'k9' }).catch(() => {})
    source.set('k3', 'new', 'v2')
    await cache.get({ id: 'k3' })
    await clock.advance(30_000)
    source.batches.length = 0
    await ask('k0', 'k1')
    expect(source.batches).toEqual([['k0', 'k1']])
    await clock.advance(60_000)
    const failing = new SecretsError('unavailable', 'down')
    source.failure = failing
    await expect(ask('k0', 'k1')).rejects.toBe(failing)
  })
})
