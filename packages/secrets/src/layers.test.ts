import { BytesValue, type SecretProvider, type SecretRef, SecretsError, type SecretVersion } from '@keyplane/core'
import { memoryProvider } from '@keyplane/providers'
import { describeProvider, fakeClock, type ProviderFixture, type SeedSecret, seededRandom } from '@keyplane/testkit'
import { describe, it } from 'vitest'
import { withCache } from './cache/with-cache.ts'
import { createValueRegistry } from '@keyplane/masking'
import { Registrar } from './masking/registrar.ts'
import { withMaskRegistrar } from './masking/with-mask-registrar.ts'
import { around } from './resilience/around.ts'
import { withBatching } from './resilience/with-batching.ts'
import { withBreaker } from './resilience/with-breaker.ts'
import { withAttemptTimeout, withDeadline } from './resilience/with-deadline.ts'
import { withRetry } from './resilience/with-retry.ts'

const clock = fakeClock()
const random = seededRandom(7)
const cacheOptions = {
  ttlMs: 60_000,
  staleWhileRevalidateMs: 0,
  maxStaleMs: 60_000,
  negativeTtlMs: 5_000,
  retryAfterFailureMs: 1_000,
  maxEntries: 100,
  refreshAheadRatio: 0,
  readValueEveryNthCheck: 4,
  clock,
  random,
}

/** A memory provider that can also refuse, fall silent and babble, so that layers are seen to pass that on. */
const troubled = (seed: readonly SeedSecret[]) => {
  const memory = memoryProvider({ secrets: Object.fromEntries(seed.map(({ name, value }) => [name, value.reveal()])) })
  let trouble: SecretsError | undefined
  let hangs = false
  const closing = new AbortController()
  const provider = around(memory, async (act, call) => {
    if (trouble) throw trouble
    const leftMs = (call?.deadlineAtMs ?? Infinity) - clock.monotonicMs()
    if (leftMs > 0 && !hangs) return act(call)
    return new Promise((_, reject) => {
      const timeOver = (): void => reject(new SecretsError('timeout', 'late'))
      if (leftMs < Infinity) clock.after(leftMs, timeOver)
      if (leftMs <= 0) timeOver()
      closing.signal.addEventListener('abort', () => reject(new SecretsError('closed', 'closed')))
      call?.signal?.addEventListener('abort', () => reject(call.signal?.reason))
    })
  })
  const get = async (ref: SecretRef, call = {}): Promise<SecretVersion> => {
    if (ref.id === 'DENIED') throw new SecretsError('access_denied', 'no')
    return provider.get(ref, call)
  }
  const close = async (): Promise<void> => {
    closing.abort()
    await memory.close?.()
  }
  const source: SecretProvider = Object.assign(Object.create(provider), { ...provider, get, close })
  return {
    source,
    silence: () => {
      trouble = new SecretsError('timeout', 'silent')
    },
    hang: () => {
      hangs = true
    },
    babble: () => {
      trouble = new SecretsError('bad_response', 'what?')
    },
  }
}

const layers: Readonly<Record<string, (source: SecretProvider) => SecretProvider>> = {
  'memory behind the cache': (source) => withCache(source, cacheOptions),
  'memory behind a cache that keeps nothing': (source) => withCache(source, { ...cacheOptions, maxEntries: 0 }),
  'memory behind a cache that checks each time': (source) => withCache(source, { ...cacheOptions, ttlMs: 0 }),
  'memory behind retry': (source) => withRetry(source, { clock, random, attempts: 2 }),
  'memory behind the breaker': (source) => withBreaker(source, { clock }),
  'memory behind the attempt timeout': (source) => withAttemptTimeout(source, { timeoutMs: 1_000, clock }),
  'memory behind the deadline': (source) => withDeadline(source, { timeoutMs: 1_000, clock }),
  'memory behind batches': (source) => withBatching(source),
  'memory behind the registrar': (source) => withMaskRegistrar(source, new Registrar(createValueRegistry({ clock }))),
  'memory behind every layer': (source) => {
    const registrar = new Registrar(createValueRegistry({ clock }))
    const guarded = withBreaker(withAttemptTimeout(source, { timeoutMs: 1_000, clock }), { clock })
    const bounded = withDeadline(withRetry(guarded, { clock, random, attempts: 2 }), { timeoutMs: 9_000, clock })
    return withCache(withMaskRegistrar(withBatching(bounded), registrar), { ...cacheOptions, keeping: registrar })
  },
}

for (const [name, layer] of Object.entries(layers))
  describeProvider(
    name,
    async (seed): Promise<ProviderFixture> => {
      const { source, ...troubles } = troubled(seed)
      return { provider: layer(source), deniedId: 'DENIED', clock, ...troubles }
    },
    { describe, it },
  )

describe('bytes', () => {
  it('are given as a copy, so that no caller changes what is kept', async ({ expect }) => {
    const cache = withCache(memoryProvider({ secrets: { KEY: Uint8Array.of(1, 2, 3) } }), cacheOptions)
    const { value } = await cache.get({ id: 'KEY' })
    ;(value as BytesValue).reveal().fill(0)
    expect((await cache.get({ id: 'KEY' })).value.reveal()).toEqual(Uint8Array.of(1, 2, 3))
  })
})
