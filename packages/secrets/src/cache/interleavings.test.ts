import { SecretsError, type SecretProvider, type SecretVersion, TextValue } from '@keyplane/core'
import { type FakeClock, fakeClock, seededRandom } from '@keyplane/testkit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CachedProvider, withCache } from './with-cache.ts'

const ttlMs = 100
const maxStaleMs = 150
/** No call to the source is under way for longer. */
const maxFlightMs = 60
const writeMs = 20
const keys = ['A', 'B'] as const
type Key = (typeof keys)[number]

/** What a reader may be given: the whole truth about the cache, from outside. Versions are numbers that grow. */
class Model {
  readonly #held: { atMs: number; version: number }[] = [{ atMs: Number.NEGATIVE_INFINITY, version: 0 }]
  /** The version that no later reader may be behind: that of the last write through the cache, or the last clearing. */
  floor = 0
  /** The version that was announced: what was before it covers failures only. */
  announced = 0

  get latest(): number {
    return this.#held.at(-1)?.version ?? 0
  }

  hold(atMs: number): void {
    this.#held.push({ atMs, version: this.latest + 1 })
  }

  /** The oldest version for a reader who asks at this moment. */
  oldest(nowMs: number, maxAgeMs: number): number {
    return Math.max(this.floor, this.#held.findLast(({ atMs }) => atMs <= nowMs - maxAgeMs)?.version ?? 0)
  }
}

interface Call {
  readonly land: () => void
  readonly key: Key
}

/** A source that answers when it is told to, with what it held when it was asked. */
class SlowSource implements SecretProvider {
  readonly name = 'slow'
  readonly models: Record<Key, Model> = { A: new Model(), B: new Model() }
  readonly waiting: Call[] = []
  isDown = false
  asked = 0
  readonly #clock: FakeClock

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  get({ id }: { readonly id: string }, call?: { readonly signal?: AbortSignal }): Promise<SecretVersion> {
    this.asked += 1
    const { latest } = this.models[id as Key]
    const { isDown } = this
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(maxFlightMs, () => land())
      const land = (): void => {
        timer.cancel()
        const index = this.waiting.findIndex((waiting) => waiting.land === land)
        if (index >= 0) this.waiting.splice(index, 1)
        if (isDown) reject(new SecretsError('unavailable', 'down'))
        else resolve(Object.freeze({ id, version: String(latest), value: new TextValue(String(latest)) }))
      }
      call?.signal?.addEventListener('abort', () => reject(call.signal?.reason))
      this.waiting.push({ land, key: id as Key })
    })
  }

  readonly write: NonNullable<SecretProvider['write']> = {
    put: async ({ id }, value) => {
      await new Promise<void>((resolve) => {
        this.#clock.after(writeMs, resolve)
      })
      this.models[id as Key].hold(this.#clock.monotonicMs())
      return Object.freeze({ id, version: String(this.models[id as Key].latest), value })
    },
    remove: async () => {},
  }
}

type Step =
  | { readonly do: 'read'; readonly key: Key; readonly leavesAfterMs: number | undefined }
  | { readonly do: 'write' | 'change' | 'hear of a change' | 'refresh one'; readonly key: Key }
  | { readonly do: 'land'; readonly which: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'refresh all' | 'resync' | 'break' | 'mend' }

const key = fc.constantFrom(...keys)
const stepsOf = (failures: boolean): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof<fc.WeightedArbitrary<Step>[]>(
      {
        weight: 8,
        arbitrary: fc.record({
          do: fc.constant('read' as const),
          key,
          leavesAfterMs: fc.option(fc.nat(80), { nil: undefined }),
        }),
      },
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constantFrom('write', 'change', 'hear of a change', 'refresh one'), key }),
      },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('land' as const), which: fc.nat(5) }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 130 }) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('refresh all', 'resync') }) },
      ...(failures
        ? [{ weight: 2, arbitrary: fc.record({ do: fc.constantFrom('break' as const, 'mend' as const) }) }]
        : []),
    ),
    { minLength: 5, maxLength: 60 },
  )

interface Options {
  readonly staleWhileRevalidateMs: number
  readonly refreshAheadRatio: number
}

const left = new Error('left')

/** One run of steps against a cache. What readers are given is checked against the model. */
class Run {
  readonly clock: FakeClock = fakeClock()
  readonly source = new SlowSource(this.clock)
  readonly cache: CachedProvider
  readonly #options: Options
  readonly #under: Promise<void>[] = []
  everBroke = false
  readonly #wrong: string[] = []

  constructor(options: Options) {
    this.#options = options
    this.cache = withCache(this.source, {
      ...options,
      ttlMs,
      maxStaleMs,
      negativeTtlMs: 10,
      retryAfterFailureMs: 10,
      maxEntries: 10,
      readValueEveryNthCheck: 1,
      clock: this.clock,
      random: seededRandom(1),
    })
  }

  async take(step: Step): Promise<void> {
    if (step.do === 'read') this.#under.push(this.#read(step.key, step.leavesAfterMs))
    else if (step.do === 'change') this.source.models[step.key].hold(this.clock.monotonicMs())
    else if (step.do === 'write') this.#under.push(this.#write(step.key))
    else if (step.do === 'hear of a change') this.#hear(step.key)
    else if (step.do === 'refresh one')
      this.#clear([step.key], () => this.cache.invalidate({ kind: 'deleted', id: step.key }))
    else if (step.do === 'refresh all') this.#clear(keys, () => void this.cache.refresh())
    else if (step.do === 'resync') this.cache.invalidate({ kind: 'resync' })
    else if (step.do === 'land') this.source.waiting[step.which % (this.source.waiting.length || 1)]?.land()
    else if (step.do === 'wait') await this.clock.advance(step.ms)
    else {
      this.source.isDown = step.do === 'break'
      this.everBroke ||= this.source.isDown
    }
    await this.clock.advance(0)
  }

  async end(): Promise<void> {
    await this.clock.advance(1_000)
    await Promise.all(this.#under)
    expect(this.#wrong).toEqual([])
  }

  async #write(id: Key): Promise<void> {
    const written = await this.cache.write?.put({ id }, new TextValue('?'), { idempotencyKey: 'x' })
    this.source.models[id].floor = Math.max(this.source.models[id].floor, Number(written?.version))
  }

  #hear(id: Key): void {
    this.cache.invalidate({ kind: 'changed', id })
    this.source.models[id].announced = this.source.models[id].latest
  }

  #clear(of: readonly Key[], act: () => void): void {
    act()
    for (const id of of) this.source.models[id].floor = this.source.models[id].latest
  }

  async #read(id: Key, leavesAfterMs: number | undefined): Promise<void> {
    const model = this.source.models[id]
    const nowMs = this.clock.monotonicMs()
    const { announced } = model
    const { staleWhileRevalidateMs } = this.#options
    const freshMs = ttlMs + maxFlightMs + staleWhileRevalidateMs
    const [usual, covering] = [model.oldest(nowMs, freshMs), model.oldest(nowMs, freshMs + maxStaleMs)]
    const leaver = new AbortController()
    const timer = leavesAfterMs === undefined ? undefined : this.clock.after(leavesAfterMs, () => leaver.abort(left))
    try {
      const { version } = await this.cache.read({ id }, { signal: leaver.signal })
      const given = Number(version.value.reveal())
      const mayCover = this.everBroke || staleWhileRevalidateMs > 0
      const oldest = Math.max(this.everBroke ? covering : usual, mayCover ? 0 : announced)
      if (given < oldest) this.#wrong.push(`${id} is ${given}, and not to be older than ${oldest}`)
      if (given > model.latest) this.#wrong.push(`${id} is ${given}, which is yet to come`)
    } catch (thrown) {
      const mayLeave = thrown === left && leavesAfterMs !== undefined
      const mayFail = thrown instanceof SecretsError && thrown.code === 'unavailable' && this.everBroke
      if (!mayLeave && !mayFail) this.#wrong.push(String(thrown))
    } finally {
      timer?.cancel()
    }
  }
}

const policies: readonly (Options & { readonly name: string })[] = [
  { name: 'a plain TTL', staleWhileRevalidateMs: 0, refreshAheadRatio: 0 },
  { name: 'refresh ahead of expiry', staleWhileRevalidateMs: 0, refreshAheadRatio: 0.5 },
  { name: 'stale while revalidate', staleWhileRevalidateMs: 80, refreshAheadRatio: 0.2 },
]

describe.each(policies)('whatever happens in whatever order, with $name', (policy) => {
  it.each([
    ['a source that answers', false],
    ['a source that fails at times', true],
  ])('a reader is never given a version older than it may be: %s', async (_source, failures) => {
    await fc.assert(
      fc.asyncProperty(stepsOf(failures), async (steps) => {
        const run = new Run(policy)
        for (const step of steps) await run.take(step)
        await run.end()
      }),
      { numRuns: 500 },
    )
  })

  it('readers of one key share their calls, however many they are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(20), { minLength: 1, maxLength: 40 }), async (pausesMs) => {
        const run = new Run(policy)
        for (const ms of pausesMs) {
          await run.take({ do: 'read', key: 'A', leavesAfterMs: undefined })
          if (run.source.waiting.length > 1) expect.fail('two calls for one key at the same time')
          await run.take({ do: 'wait', ms: ms + 1 })
        }
        const elapsedMs = run.clock.monotonicMs()
        await run.end()
        expect(run.source.asked).toBeLessThanOrEqual(
          1 + Math.ceil(elapsedMs / (ttlMs * (1 - policy.refreshAheadRatio))),
        )
      }),
      { numRuns: 100 },
    )
  })
})
