/** The rotator of HTTP keys, at the API of the example. */
import { type SecretValue, systemClock, systemRandom, TextValue } from '@keyplane/core'
import { type HttpKeyOptions, httpKeyRotator, type RotatorCall } from '@keyplane/rotation'
import { describeRotator, type RotatorFixture } from '@keyplane/rotation/testing'
import { describe, expect, it } from 'vitest'
import { KeyApi } from '../examples/rotation-http-key/key-api.ts'
import { keyCalls } from '../examples/rotation-http-key/key-calls.ts'

const keyOf = (value: SecretValue): string => (JSON.parse(String(value.reveal())) as { key: string }).key
const idOf = (value: SecretValue): string => (JSON.parse(String(value.reveal())) as { id: string }).id
const start = async (
  by: Parameters<typeof keyCalls>[0],
): Promise<RotatorFixture & { readonly api: KeyApi; readonly stop: () => Promise<void> }> => {
  const api = await new KeyApi({ admin: 'admin-token' }).start()
  const admin = by === '{{admin}}' ? { admin: async () => new TextValue('admin-token') } : {}
  return {
    api,
    rotator: httpKeyRotator({ endpoint: api.endpoint, clock: systemClock, ...keyCalls(by), ...admin }),
    first: new TextValue(JSON.stringify({ ...api.makeKey(), url: 'https://api.example' })),
    clock: systemClock,
    random: systemRandom,
    holdsTwo: true,
    accepts: async (value) => api.accepts(keyOf(value)),
    lower: () => void (api.isDown = true),
    raise: () => void (api.isDown = false),
    meddle: async () => api.keys.clear(),
    stop: () => api.stop(),
  }
}

describeRotator('keys of an HTTP API', () => start('{{by.key}}'), { describe, it })
describeRotator(
  'keys of an HTTP API, by an administrator',
  () => start('{{admin}}'),
  { describe, it },
  {
    meddle: 'a key that was removed stays removed: another one is made for it',
  },
)

const call = (pendingVersion = 'v2'): RotatorCall => ({
  secretId: 'prod/api',
  rotationId: 'r',
  pendingVersion,
  fence: 1,
  signal: new AbortController().signal,
  requireLease: () => undefined,
})

describe('a key of an HTTP API', () => {
  it('is made once, though the answer was lost', async () => {
    const { rotator, api, first, stop } = await start('{{by.key}}')
    const made = [await rotator.create(call(), first), await rotator.create(call(), first)].map(keyOf)
    expect([made[0] === made[1], api.keys.size]).toEqual([true, 2])
    await rotator.create(call('v3'), first)
    expect(api.keys.size).toBe(3)
    await stop()
  })

  it('is removed once the new one is current, and the new one where it is taken back', async () => {
    const { rotator, api, first, stop } = await start('{{by.key}}')
    const pending = await rotator.create(call(), first)
    await rotator.retire(call(), { current: first, pending })
    expect([...api.keys.keys()]).toEqual([idOf(pending)])
    const third = await rotator.create(call('v3'), pending)
    await rotator.revert(call('v3'), { current: pending, pending: third })
    expect([...api.keys.keys()]).toEqual([pending, third].map(idOf))
    await rotator.discard?.(call('v3'), { current: pending, pending: third })
    expect([...api.keys.keys()]).toEqual([idOf(pending)])
    await stop()
  })

  it('that is old and gone removes no other, and is told as refused', async () => {
    const { rotator, api, first, stop } = await start('{{by.key}}')
    const pending = await rotator.create(call(), first)
    api.keys.delete(idOf(first))
    await rotator.revert(call(), { current: first, pending })
    expect([await rotator.test(call(), first), await rotator.test(call(), pending)]).toEqual(['refused', 'accepted'])
    await stop()
  })

  it('leads to no other path, whatever its id', async () => {
    const { rotator, api, first, stop } = await start('{{by.key}}')
    const pending = await rotator.create(call(), first)
    const current = new TextValue(JSON.stringify({ key: keyOf(first), id: '..' }))
    await expect(rotator.retire(call(), { current, pending })).rejects.toMatchObject({ reason: 'placeholder' })
    expect(api.targets.filter((target) => target.includes('..'))).toEqual([])
    await stop()
  })

  it('that nobody may remove is told as a failure', async () => {
    const { rotator, api, first, stop } = await start('{{by.key}}')
    const pending = await rotator.create(call(), first)
    api.keys.clear()
    await expect(rotator.retire(call(), { current: first, pending })).rejects.toMatchObject({ reason: 'status_401' })
    await stop()
  })

  it('never stands in a path', async () => {
    const { rotator, api, first, stop } = await start('{{by.key}}')
    const pending = await rotator.create(call(), first)
    await rotator.test(call(), pending)
    await rotator.retire(call(), { current: first, pending })
    for (const key of [first, pending].map(keyOf)) expect(api.targets.join(' ')).not.toContain(key)
    await stop()
  })

  it.each([
    { test: { method: 'GET', path: '/me?key={{by.key}}' } },
    { test: { method: 'GET', path: '/{{admin}}' } },
    { test: { method: 'GET', path: 'me' } },
    { test: { method: 'GET', path: '/me', headers: { authorization: '{{key}}' } } },
    { create: { ...keyCalls('{{by.key}}').create, keyAt: 'data..secret' } },
  ] satisfies Partial<HttpKeyOptions>[])('is not asked for by %j', (wrong) => {
    const options = { endpoint: 'http://127.0.0.1:1', clock: systemClock, ...keyCalls('{{by.key}}'), ...wrong }
    expect(() => httpKeyRotator(options)).toThrow(/HTTP rotator/)
  })

  it('that the API answers without is no key', async () => {
    const { api, first, stop } = await start('{{by.key}}')
    const wrong = { ...keyCalls('{{by.key}}'), create: { ...keyCalls('{{by.key}}').create, keyAt: 'data.token' } }
    const rotator = httpKeyRotator({ endpoint: api.endpoint, clock: systemClock, ...wrong })
    await expect(rotator.create(call(), first)).rejects.toMatchObject({ code: 'bad_response', reason: 'answer_shape' })
    await stop()
  })
})
