import { type SecretRef, SecretsError } from '@keyplane/core'
import { describe, expect, it } from 'vitest'
import { remoteMemory } from '../../test/remote-memory.ts'
import { withBatching } from './with-batching.ts'

const numbered = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`KEY_${index}`, `value ${index}`]))

const start = (count: number) => {
  const source = remoteMemory(numbered(count))
  return { ...source, batched: withBatching(source.provider) }
}

describe('reads of the same moment', () => {
  it('are one call for every twenty', async () => {
    const { batched, calls } = start(45)
    const versions = await Promise.all(Object.keys(numbered(45)).map((id) => batched.get({ id })))
    expect(versions.map(({ value }) => value.reveal())).toEqual(Object.values(numbered(45)))
    expect(calls.many.map((ids) => ids.length)).toEqual([20, 20, 5])
    expect(calls.get).toEqual([])
  })

  it('each have their own outcome', async () => {
    const { batched } = start(1)
    const [first, second] = await Promise.allSettled([batched.get({ id: 'KEY_0' }), batched.get({ id: 'NOPE' })])
    expect(first.status).toBe('fulfilled')
    expect(second).toMatchObject({ reason: { code: 'secret_not_found' } })
  })

  it('all fail where their call fails', async () => {
    const { batched, state } = start(2)
    state.failure = new SecretsError('unavailable', 'down')
    const results = await Promise.allSettled([batched.get({ id: 'KEY_0' }), batched.get({ id: 'KEY_1' })])
    expect(results).toMatchObject([{ reason: { code: 'unavailable' } }, { reason: { code: 'unavailable' } }])
  })

  it('are not sent for those who left before, and go on for those who stayed', async () => {
    const { batched, calls } = start(3)
    const leaver = new AbortController()
    const left = batched.get({ id: 'KEY_0' }, { signal: leaver.signal })
    const stayed = Promise.all([batched.get({ id: 'KEY_1' }), batched.get({ id: 'KEY_2' })])
    leaver.abort(new Error('gone'))
    await expect(left).rejects.toThrow('gone')
    expect((await stayed).map(({ value }) => value.reveal())).toEqual(['value 1', 'value 2'])
    expect(calls.many).toEqual([['KEY_1', 'KEY_2']])
  })

  it('end their call when the last one leaves', async () => {
    const signals: (AbortSignal | undefined)[] = []
    const batched = withBatching({
      name: 'hung',
      get: () => new Promise(() => {}),
      many: {
        maxRefs: 20,
        get: (_refs, call) => {
          signals.push(call?.signal)
          return new Promise(() => {})
        },
      },
    })
    const leavers = [new AbortController(), new AbortController()]
    const waits = leavers.map(({ signal }, index) => batched.get({ id: `KEY_${index}` }, { signal }))
    await new Promise((resolve) => setImmediate(resolve))
    leavers[0]?.abort(new Error('gone'))
    expect(signals[0]?.aborted).toBe(false)
    leavers[1]?.abort(new Error('gone'))
    expect(signals[0]?.aborted).toBe(true)
    await Promise.allSettled(waits)
  })

  it('are bad_response where the source answers for fewer than it was asked', async () => {
    const batched = withBatching({
      name: 'short',
      get: () => Promise.reject(),
      many: { maxRefs: 9, get: async () => [] },
    })
    const results = await Promise.allSettled([batched.get({ id: 'A' }), batched.get({ id: 'B' })])
    expect(results).toMatchObject([{ reason: { code: 'bad_response' } }, { reason: { code: 'bad_response' } }])
  })
})

describe('a read that goes as it came', () => {
  it.each<[string, SecretRef]>([
    ['alone', { id: 'KEY_0' }],
    ['of a stage', { id: 'KEY_0', stage: 'previous' }],
    ['of a version', { id: 'KEY_0', version: 'seed-1' }],
  ])('is one %s', async (_how, ref) => {
    const { batched, calls } = start(3)
    const others = _how === 'alone' ? [] : [batched.get({ id: 'KEY_1' }), batched.get({ id: 'KEY_2' })]
    await Promise.allSettled([batched.get(ref), ...others])
    expect(calls.get).toEqual([ref])
    expect(calls.many).toEqual(others.length > 0 ? [['KEY_1', 'KEY_2']] : [])
  })
})
