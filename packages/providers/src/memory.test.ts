import { BytesValue, type Change, TextValue } from '@keyplane/core'
import { describeProvider, fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { memoryFromSettings, memoryProvider } from './memory.ts'

describeProvider(
  'memory',
  async (seed) => ({
    provider: memoryProvider({ secrets: Object.fromEntries(seed.map(({ name, value }) => [name, value.reveal()])) }),
  }),
  { describe, it },
  { denies: 'memory denies nobody', silence: 'memory answers always', babble: 'memory has nothing to misread' },
)

const start = () => {
  const clock = fakeClock()
  let made = 0
  const provider = memoryProvider({ secrets: { DB: 'one' }, clock, ids: () => `v${++made}` })
  const { write, state, watch } = provider
  if (!write?.moveStage || !state || !watch) throw new Error('an ability is missing')
  const put = (text: string, key: string, extra: object = {}) =>
    write.put({ id: 'DB' }, new TextValue(text), { idempotencyKey: key, ...extra })
  const text = async (ref: object = {}) => (await provider.get({ id: 'DB', ...ref })).value.reveal()
  const stages = async () => {
    const [outcome] = await state.describe([{ id: 'DB' }])
    return outcome?.ok ? Object.fromEntries(outcome.value.versions) : outcome?.error.code
  }
  const moveStage = write.moveStage.bind(write)
  return { clock, provider, write, state, watch, put, text, stages, moveStage }
}
const failing = (code: string) => expect.objectContaining({ code, source: 'memory' })

describe('versions in memory', () => {
  it('make the current one previous when another becomes current', async () => {
    const { put, stages } = start()
    await put('two', 'v2')
    await put('three', 'v3')
    expect(await stages()).toEqual({ v1: [], v2: ['previous'], v3: ['current'] })
  })

  it('wait as pending until the stage current is moved to them', async () => {
    const { put, text, stages, moveStage } = start()
    await put('two', 'v2', { stages: ['pending'] })
    expect(await text()).toBe('one')
    expect(await text({ stage: 'pending' })).toBe('two')
    await moveStage('DB', 'current', { from: 'v1', to: 'v2' })
    await moveStage('DB', 'pending', { from: 'v2' })
    expect(await stages()).toEqual({ v1: ['previous'], v2: ['current'] })
  })

  it('swap current and previous when current is moved back', async () => {
    const { put, stages, moveStage } = start()
    await put('two', 'v2')
    await moveStage('DB', 'current', { from: 'v2', to: 'v1' })
    expect(await stages()).toEqual({ v1: ['current'], v2: ['previous'] })
  })

  it('carry labels of their own, each at one version', async () => {
    const { put, text, stages } = start()
    await put('two', 'v2', { stages: ['label:canary', 'current'] })
    await put('three', 'v3', { stages: ['label:canary'] })
    expect(await text({ stage: 'label:canary' })).toBe('three')
    expect(await stages()).toEqual({ v1: ['previous'], v2: ['current'], v3: ['label:canary'] })
  })

  it('are refused where version and stage do not meet', async () => {
    await expect(start().text({ version: 'v1', stage: 'previous' })).rejects.toEqual(failing('version_not_found'))
  })

  it('are forgotten, the oldest without a stage first, beyond a hundred', async () => {
    const { put, text, stages } = start()
    for (let count = 2; count <= 120; count++) await put(`${count}`, `v${count}`)
    expect(Object.keys((await stages()) as object)).toHaveLength(100)
    await expect(text({ version: 'v1' })).rejects.toEqual(failing('version_not_found'))
  })

  it('move only by who knows where the stage is', async () => {
    const { put, moveStage } = start()
    await put('two', 'v2')
    await expect(moveStage('DB', 'current', { to: 'v1' })).rejects.toEqual(failing('conflict'))
    await expect(moveStage('DB', 'current', { from: 'v1', to: 'v1' })).rejects.toEqual(failing('conflict'))
    await expect(moveStage('DB', 'current', { from: 'v2' })).rejects.toEqual(failing('invalid_request'))
    await expect(moveStage('DB', 'current', { from: 'v2', to: 'v9' })).rejects.toEqual(failing('version_not_found'))
  })
})

describe('a write to memory', () => {
  it('is refused where the secret is not as expected', async () => {
    const { put, write } = start()
    await expect(put('two', 'v2', { ifVersion: 'v9' })).rejects.toEqual(failing('conflict'))
    await expect(put('two', 'v2', { ifVersion: null })).rejects.toEqual(failing('conflict'))
    await put('two', 'v2', { ifVersion: 'v1' })
    expect((await put('two', 'v2', { ifVersion: 'v1' })).version).toBe('v2')
    const fresh = await write.put({ id: 'NEW' }, new BytesValue(Buffer.from([0])), {
      idempotencyKey: 'a',
      ifVersion: null,
    })
    expect(fresh.stages).toEqual(['current'])
  })

  it('needs a key and a stage', async () => {
    await expect(start().put('x', '')).rejects.toEqual(failing('invalid_request'))
    await expect(start().put('x', 'k', { stages: [] })).rejects.toEqual(failing('invalid_request'))
  })
})

describe('a removed secret', () => {
  it('is deleted while it can be recovered, and absent after', async () => {
    const { clock, provider, write, put, text } = start()
    await write.remove('DB', { recoverableForMs: 7_000 })
    await expect(text()).rejects.toEqual(failing('secret_deleted'))
    await expect(put('two', 'v2')).rejects.toEqual(failing('secret_deleted'))
    const [outcome] = (await provider.state?.describe([{ id: 'DB' }])) ?? []
    expect(outcome?.ok && outcome.value.deletedAtMs).toBe(clock.nowMs())
    await clock.advance(7_000)
    await expect(text()).rejects.toEqual(failing('secret_not_found'))
  })

  it('is gone at once if nothing is to be recovered', async () => {
    const { write, text } = start()
    await write.remove('DB', { recoverableForMs: 0 })
    await expect(text()).rejects.toEqual(failing('secret_not_found'))
    await expect(write.remove('DB', { recoverableForMs: 0 })).rejects.toEqual(failing('secret_not_found'))
    await expect(start().write.remove('DB', { recoverableForMs: Number.NaN })).rejects.toEqual(
      failing('invalid_request'),
    )
  })
})

describe('a watch on memory', () => {
  it('tells what changed of the ids asked for, until it is aborted', async () => {
    const { watch, put, write } = start()
    const leave = new AbortController()
    const changes = watch.watch(['DB'], leave.signal)
    await write.put({ id: 'OTHER' }, new TextValue('x'), { idempotencyKey: 'o' })
    await put('two', 'v2')
    await write.remove('DB', { recoverableForMs: 0 })
    const seen: Change[] = []
    for await (const change of changes) {
      seen.push(change)
      if (seen.length === 2) leave.abort()
    }
    expect(seen).toEqual([
      { kind: 'changed', id: 'DB', version: 'v2' },
      { kind: 'deleted', id: 'DB' },
    ])
  })

  it('tells a reader that is too slow to confirm everything', async () => {
    const { provider, watch, put } = start()
    const changes = watch.watch('all', new AbortController().signal)
    for (let count = 0; count < 1_002; count++) await put(`${count}`, `k${count}`)
    const seen: Change[] = []
    for await (const change of changes) {
      seen.push(change)
      if (seen.length === 2) await provider.close?.()
    }
    expect(seen).toEqual([{ kind: 'resync' }, { kind: 'changed', id: 'DB', version: 'k1001' }])
  })

  it('ends when the provider is closed', async () => {
    const { provider, watch } = start()
    const next = watch.watch('all', new AbortController().signal)[Symbol.asyncIterator]().next()
    await provider.close?.()
    expect((await next).done).toBe(true)
  })
})

it('fails every call with closed once it is closed', async () => {
  const { provider, put, write, state, watch, moveStage } = start()
  await provider.close?.()
  const calls = [
    () => provider.get({ id: 'DB' }),
    async () => provider.many?.get([]),
    () => state.describe([]),
    () => put('x', 'k'),
    () => write.remove('DB', { recoverableForMs: 0 }),
    () => moveStage('DB', 'current', { to: 'v1' }),
    async () => watch.watch('all', new AbortController().signal),
    async () => provider.list?.list({})[Symbol.asyncIterator]().next(),
  ]
  for (const call of calls) await expect(call()).rejects.toEqual(failing('closed'))
})

it('refuses too many refs, and an identity', async () => {
  const { provider, text } = start()
  await expect(provider.many?.get(Array.from({ length: 21 }, () => ({ id: 'DB' })))).rejects.toEqual(
    failing('invalid_request'),
  )
  await expect(text({ as: 'role' })).rejects.toEqual(failing('unsupported'))
})

it('opens empty by settings', async () => {
  const provider = memoryFromSettings({ env: {}, clock: fakeClock() })
  await expect(provider.get({ id: 'DB' })).rejects.toEqual(failing('secret_not_found'))
})
