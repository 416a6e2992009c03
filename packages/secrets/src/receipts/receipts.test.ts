import { type Heartbeat, type Receipt, type SecretProvider, SecretsError, TextValue } from '@keyplane/core'
import { fakeClock, seededRandom } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { openSecrets } from '../open-secrets.ts'
import { defineSecrets } from '../typed/define-secrets.ts'
import { string } from '../typed/secret-types.ts'
import type { ReceiptOptions } from './receipt-options.ts'

const open = (more: Partial<ReceiptOptions> = {}) => {
  const clock = fakeClock()
  const stages: Record<string, string> = { current: 'v1' }
  const source: SecretProvider = {
    name: 'rotated',
    get: async ({ id, stage = 'current' }) => {
      const version = stages[stage]
      if (version === undefined) throw new SecretsError('version_not_found', 'There is no such stage.')
      return Object.freeze({ id, version, value: new TextValue(`password ${version}`) })
    },
  }
  const heartbeats: Heartbeat[] = []
  const warnings: unknown[] = []
  const secrets = openSecrets({
    providers: [source],
    environment: false,
    env: {},
    clock,
    random: seededRandom(1),
    cacheTtl: '1m',
    receipts: { name: 'billing', send: (heartbeat) => void heartbeats.push(heartbeat), ...more },
    log: { warn: (_, facts) => warnings.push(facts), error: () => undefined },
  })
  const told = (): readonly Receipt[] => heartbeats.flatMap(({ receipts }) => receipts)
  const rotate = (version: string): void => {
    stages['previous'] = stages['current'] ?? ''
    stages['current'] = version
    secrets.invalidate({ kind: 'resync' })
  }
  return { clock, secrets, heartbeats, told, rotate, stages, warnings }
}
const used = (secretId: string, versionId: string): Receipt => ({ secretId, versionId, used: true, refusals: 0 })
const refused = (secretId: string, versionId: string, refusals: number): Receipt => ({
  secretId,
  versionId,
  used: false,
  refusals,
})
const wrongPassword = Object.assign(new Error('password authentication failed'), { code: '28P01' })

describe('a program that takes receipts', () => {
  it('says within a second what it uses, once, and then that it lives', async () => {
    const { clock, secrets, heartbeats } = open({ id: 'a' })
    for (const key of ['db', 'api', 'db']) await secrets.getSecret(key)
    expect(heartbeats).toEqual([])
    await clock.advance(1_000)
    const consumer = { id: 'a', name: 'billing' }
    expect(heartbeats).toEqual([{ consumer, everyMs: 10_000, receipts: [used('db', 'v1'), used('api', 'v1')] }])
    await secrets.getSecret('db')
    await clock.advance(20_000)
    expect(heartbeats.slice(1)).toEqual([1, 2].map(() => ({ consumer, everyMs: 10_000, receipts: [] })))
  })

  it('says nothing as long as it uses nothing', async () => {
    const { clock, secrets, heartbeats } = open()
    await clock.advance(100_000)
    await secrets.close()
    expect(heartbeats).toEqual([])
    expect(clock.waiting).toBe(0)
  })

  it('says it of every way to a value, and of none that only looks', async () => {
    const { clock, secrets, told } = open()
    await secrets.preload(['preloaded'])
    await secrets.read({ id: 'read' })
    secrets.peek({ id: 'read' })
    secrets.onChange('watched', () => undefined)
    await secrets.getSecret('text')
    await secrets.getSecretBytes('bytes')
    await secrets.getSecretJson('json')
    await secrets.getMany(['one', 'two'])
    await secrets.resolve({ url: 'keyplane://rotated/referred' })
    await secrets.withSecret('with', () => undefined)
    await defineSecrets({ typed: string() }, { from: secrets })
    await secrets.preload(['sync'])
    secrets.getSecretSync('sync')
    await clock.advance(1_000)
    expect(new Set(told().map(({ secretId }) => secretId))).toEqual(
      new Set(['text', 'bytes', 'json', 'one', 'two', 'referred', 'with', 'typed', 'sync']),
    )
  })

  it('says which version it uses after a rotation, when it does', async () => {
    const { clock, secrets, told, rotate } = open()
    await secrets.getSecret('db')
    await clock.advance(1_000)
    rotate('v2')
    await clock.advance(30_000)
    expect(told()).toEqual([used('db', 'v1')])
    await secrets.getSecret('db')
    await clock.advance(1_000)
    expect(told()).toEqual([used('db', 'v1'), used('db', 'v2')])
  })

  it('tells what was refused, and what it used instead', async () => {
    const { clock, secrets, told, stages } = open()
    stages['pending'] = 'v2'
    for (let round = 0; round < 2; round += 1)
      await secrets.withSecret('db', (password) => {
        if (password === 'password v1') throw wrongPassword
      })
    await clock.advance(1_000)
    expect(told()).toEqual([used('db', 'v2'), refused('db', 'v1', 2)])
  })

  it('tells of no use that failed, nor of a failure that was no refusal', async () => {
    const { clock, secrets, heartbeats } = open()
    const failing = secrets.withSecret('db', () => {
      throw new Error('The disk is full.')
    })
    await expect(failing).rejects.toThrow('full')
    await clock.advance(60_000)
    expect(heartbeats).toEqual([])
  })

  it('says that it ends, and is not held up by who does not listen', async () => {
    const one = open()
    await one.secrets.getSecret('db')
    await one.secrets.close()
    expect(one.heartbeats).toMatchObject([{ receipts: [], ends: true }])
    const other = open({ send: () => new Promise(() => undefined) })
    await other.secrets.getSecret('db')
    await other.clock.advance(1_000)
    const closed = other.secrets.close()
    await other.clock.advance(1_000)
    await closed
    expect(other.clock.waiting).toBe(0)
  })

  it('says with its end what it was refused last', async () => {
    const { secrets, heartbeats, stages } = open()
    stages['pending'] = 'v2'
    await secrets.withSecret('db', (password) => {
      if (password === 'password v1') throw wrongPassword
    })
    await secrets.close()
    expect(heartbeats).toMatchObject([{ receipts: [refused('db', 'v1', 1)], ends: true }])
  })

  it('sends again with the next heartbeat what nobody took, and complains once', async () => {
    let isDown = true
    const taken: Heartbeat[] = []
    const { clock, secrets, warnings } = open({
      send: async (heartbeat) => {
        if (isDown) throw new SecretsError('unavailable', 'It is down.')
        taken.push(heartbeat)
      },
    })
    await secrets.getSecret('db')
    await clock.advance(25_000)
    expect(await secrets.getSecret('api')).toBe('password v1')
    isDown = false
    await clock.advance(10_000)
    expect(taken.flatMap(({ receipts }) => receipts)).toEqual([used('db', 'v1'), used('api', 'v1')])
    expect(warnings).toEqual([{ code: 'unavailable' }])
  })

  it('sends one heartbeat after the other, and many receipts in parts', async () => {
    let under = 0
    const sizes: number[] = []
    const { clock, secrets } = open({
      send: async ({ receipts }) => {
        under += 1
        expect(under).toBe(1)
        await new Promise<void>((resolve) => clock.after(700, resolve))
        under -= 1
        sizes.push(receipts.length)
      },
    })
    await secrets.getMany(Array.from({ length: 450 }, (_, index) => `key ${index}`))
    for (let turn = 0; turn < 20; turn += 1) await clock.advance(250)
    expect(sizes).toEqual([200, 200, 50])
  })

  it.each([{ name: '' }, { id: '' }, { every: '500ms' }, { every: '2h' }] as const)('is refused with %o', (wrong) => {
    expect(() => open(wrong)).toThrow(expect.objectContaining({ code: 'config_invalid' }))
  })
})
