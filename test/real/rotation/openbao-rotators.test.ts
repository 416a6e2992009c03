import { type SecretValue, systemClock, systemRandom } from '@keyplane/core'
import { type OpenBaoClient, openBaoClient } from '@keyplane/openbao'
import {
  type Advance,
  openbaoDynamicRoleRotator,
  openbaoStaticRoleRotator,
  postgresUserRotator,
  type RotationAlert,
  type RotationEngine,
  rotationEngine,
  staticRoleState,
} from '@keyplane/rotation'
import { describeRotator, memoryJournal, type MemoryVersions, memoryVersions } from '@keyplane/rotation/testing'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { databaseEngine, dynamicRole, staticRole } from '../openbao/bao-database.ts'
import { tokenFor } from '../openbao/bao-roles.ts'
import { BaoServer } from '../openbao/bao-server.ts'
import { ScratchServer } from '../postgres/scratch-server.ts'
import { callOf, changed, loginOf } from './rotator-fixture.ts'
import { valueOf } from './rotated-user.ts'
import { accepts } from './stored-logins.ts'

const bao = new BaoServer()
let server: ScratchServer
let roles = 0
beforeAll(async () => {
  server = await ScratchServer.start()
  await bao.startDev()
  await databaseEngine(bao, server)
})
afterAll(async () => {
  await bao.remove()
  await server.stop()
})

const clientBy = (token: string): OpenBaoClient =>
  openBaoClient({ endpoints: [bao.endpoint], auth: { method: 'token', token } })
const target = postgresUserRotator({ random: systemRandom, timeoutMs: 1_000 })

describe('a static role of OpenBao', () => {
  const secretId = 'prod/db'

  interface Followed {
    readonly role: string
    readonly versions: MemoryVersions
    readonly engine: RotationEngine
    readonly alerts: readonly RotationAlert[]
    readonly rotator: ReturnType<typeof openbaoStaticRoleRotator>
  }

  const held = async (role: string): Promise<string> => {
    const { data } = await bao.done('GET', `database/static-creds/${role}`)
    return (data as { readonly password: string }).password
  }

  /** A secret with what OpenBao holds. */
  const followed = async (): Promise<Followed> => {
    const role = `static${(roles += 1)}`
    await staticRole(bao, server, { name: role })
    const client = clientBy(bao.rootToken)
    onTestFinished(() => client.close())
    const rotator = openbaoStaticRoleRotator({ client, role, target })
    const versions = memoryVersions({ versionId: 'v0', value: valueOf(server, role, await held(role)) })
    const alerts: RotationAlert[] = []
    const engine = rotationEngine({
      journal: memoryJournal(systemClock),
      versions,
      rotators: [rotator],
      clock: systemClock,
      // A wait by chance can be none at all, and a test here looks at a rotation while it waits.
      random: { ...systemRandom, unit: () => 0.5 },
      policy: { retryBaseMs: 100 },
      observer: { alert: (alert) => void alerts.push(alert) },
    })
    return { role, versions, engine, alerts, rotator }
  }

  const ended = async (engine: RotationEngine): Promise<Extract<Advance, { readonly status: 'ended' }>> => {
    for (let round = 0; ; round += 1) {
      if (round === 200) throw new Error('The rotation does not end.')
      const advance = await engine.advance(secretId)
      if (advance.status === 'ended') return advance
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const rotated = async ({ engine, rotator }: Followed) => {
    await engine.begin({ secretId, rotator: rotator.name })
    return (await ended(engine)).rotation
  }
  const current = async ({ versions }: Followed): Promise<SecretValue> => (await versions.current()).value
  const asked = ({ role }: Followed): number => bao.asked(`database/rotate-role/${role}`)

  describeRotator(
    'a static role of OpenBao',
    async () => {
      const { role, rotator, versions } = await followed()
      return {
        rotator,
        first: (await versions.current()).value,
        clock: systemClock,
        random: systemRandom,
        accepts,
        lower: () => server.pause(),
        raise: () => server.resume(),
        meddle: async () => {
          await server.query(`alter role ${role} password 'somebody-elses'`)
        },
      }
    },
    { describe, it },
    { back: 'OpenBao sets no password a second time' },
  )

  it('gives readers the password that OpenBao has made, time after time', async () => {
    const one = await followed()
    for (let round = 0; round < 3; round += 1) {
      const before = await current(one)
      expect((await rotated(one)).state).toBe('finished')
      const after = await current(one)
      expect(loginOf(after)).toEqual({ ...loginOf(before), password: await held(one.role) })
      expect([await accepts(before), await accepts(after)]).toEqual([false, true])
    }
    expect(asked(one)).toBe(3)
    expect(one.alerts).toEqual([])
  })

  it('loses nothing where a process dies between OpenBao’s change and the store', async () => {
    const one = await followed()
    const made = await one.rotator.create(callOf('v1'), await current(one))
    expect((await rotated(one)).state).toBe('finished')
    expect((await current(one)).reveal()).toBe(made.reveal())
    expect(asked(one)).toBe(1)
  })

  it('is followed where OpenBao has changed the password by itself', async () => {
    const one = await followed()
    await bao.done('POST', `database/rotate-role/${one.role}`)
    expect((await rotated(one)).state).toBe('finished')
    expect(await accepts(await current(one))).toBe(true)
    expect(asked(one)).toBe(1)
  })

  it('is repaired where somebody has changed the password at the database', async () => {
    const one = await followed()
    await server.query(`alter role ${one.role} password 'somebody-elses'`)
    expect((await rotated(one)).state).toBe('finished')
    expect(await accepts(await current(one))).toBe(true)
    expect(one.alerts.map(({ kind }) => kind)).toEqual(['changed_behind'])
  })

  it('keeps the new password where it is taken back', async () => {
    const one = await followed()
    const { engine, versions, rotator } = one
    const { promote } = versions
    versions.promote = () => Promise.reject(new Error('The store is down.'))
    await engine.begin({ secretId, rotator: rotator.name })
    expect((await engine.advance(secretId)).status).toBe('waiting')
    versions.promote = promote
    await engine.requestRollback(secretId)
    expect((await ended(engine)).rotation.state).toBe('finished')
    expect(one.alerts.map(({ kind }) => kind)).toEqual(['kept_new'])
    expect(await accepts(await current(one))).toBe(true)
  })

  it.each(['before it was stored', 'and the store’s answer with it'])(
    'keeps the new password where it is taken back after OpenBao’s answer was lost, %s',
    async (when) => {
      const one = await followed()
      const { engine, versions, rotator } = one
      const stage = versions.stage.bind(versions)
      versions.stage = async (...given) => {
        if (when.startsWith('and')) await stage(...given)
        throw new Error('The answer is lost.')
      }
      await engine.begin({ secretId, rotator: rotator.name })
      expect(await engine.advance(secretId)).toMatchObject({ rotation: { state: 'checked' } })
      versions.stage = stage
      await engine.requestRollback(secretId)
      expect((await ended(engine)).rotation.state).toBe('finished')
      expect(one.alerts.map(({ kind }) => kind)).toEqual(['kept_new'])
      expect([await accepts(await current(one)), asked(one)]).toEqual([true, 1])
    },
  )

  it('goes on once the database answers again', async () => {
    const one = await followed()
    server.pause()
    await one.engine.begin({ secretId, rotator: one.rotator.name })
    const waiting = await one.engine.advance(secretId)
    server.resume()
    expect(waiting).toMatchObject({ status: 'waiting', rotation: { state: 'planned', retry: { code: 'timeout' } } })
    expect((await ended(one.engine)).rotation.state).toBe('finished')
    expect(await accepts(await current(one))).toBe(true)
  })

  it('that OpenBao can’t rotate by its own period is told as overdue', { timeout: 40_000 }, async () => {
    const role = `static${(roles += 1)}`
    await staticRole(bao, server, { name: role, period: '5s' })
    const client = clientBy(bao.rootToken)
    onTestFinished(() => client.close())
    const state = () =>
      staticRoleState({ client, role, clock: systemClock, signal: AbortSignal.timeout(30_000), slackMs: 1_000 })
    expect(await state()).toMatchObject({ periodMs: 5_000, isOverdue: false })
    await server.query(`drop role ${role}`)
    await expect.poll(state, { timeout: 20_000, interval: 250 }).toMatchObject({ isOverdue: true })
  })

  it('that nobody made is told', async () => {
    const client = clientBy(bao.rootToken)
    onTestFinished(() => client.close())
    const rotator = openbaoStaticRoleRotator({ client, role: 'nobody', target })
    const error = await rotator.create(callOf('v1'), valueOf(server, 'nobody', 'x')).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'invalid_request' })
  })
})

describe('a dynamic role of OpenBao', () => {
  const dynamic = async (token: string = bao.rootToken) => {
    const role = `dynamic${(roles += 1)}`
    await dynamicRole(bao, role)
    const client = clientBy(token)
    const rotator = openbaoDynamicRoleRotator({ client, role, target })
    const empty = changed(valueOf(server, 'nobody', 'none'), { lease_id: 'none' })
    return { role, client, rotator, empty }
  }
  const leases = async (role: string): Promise<number> => {
    const { body } = await bao.call('GET', `sys/leases/lookup/database/creds/${role}?list=true`)
    return (body['data'] as { readonly keys?: readonly string[] } | undefined)?.keys?.length ?? 0
  }

  describeRotator(
    'a dynamic role of OpenBao',
    async () => {
      const { client, rotator, empty } = await dynamic()
      const first = await rotator.create(callOf('v0'), empty)
      return {
        rotator,
        first,
        clock: systemClock,
        random: systemRandom,
        accepts,
        holdsTwo: true,
        lower: () => server.pause(),
        raise: () => server.resume(),
        meddle: async () => {
          await server.query(`alter role "${loginOf(first).username}" password 'somebody-elses'`)
        },
        stop: () => client.close(),
      }
    },
    { describe, it },
  )

  it('has one lease once the old one is retired or the new one discarded, and revokes none twice', async () => {
    const { role, client, rotator, empty } = await dynamic()
    onTestFinished(() => client.close())
    const first = await rotator.create(callOf('v0'), empty)
    const second = await rotator.create(callOf('v1'), first)
    expect(await leases(role)).toBe(2)
    for (let round = 0; round < 2; round += 1) await rotator.retire(callOf('v1'), { current: first, pending: second })
    expect(await leases(role)).toBe(1)
    const third = await rotator.create(callOf('v2'), second)
    for (let round = 0; round < 2; round += 1)
      await rotator.discard?.(callOf('v2'), { current: second, pending: third })
    expect(await leases(role)).toBe(1)
    expect([await accepts(first), await accepts(second), await accepts(third)]).toEqual([false, true, false])
  })

  it('revokes no lease but the role’s own, whatever the value names', async () => {
    const [{ client, rotator, empty }, other] = [await dynamic(), await dynamic()]
    onTestFinished(() => (client.close(), other.client.close()))
    const others = await other.rotator.create(callOf('v0'), other.empty)
    await rotator.retire(callOf('v1'), { current: others, pending: empty })
    await rotator.discard?.(callOf('v1'), { current: empty, pending: others })
    expect([await leases(other.role), await accepts(others)]).toEqual([1, true])
  })

  it('makes one user, however often the version can’t be stored', async () => {
    const { role, client, rotator, empty } = await dynamic()
    onTestFinished(() => client.close())
    for (let round = 0; round < 3; round += 1) await rotator.create(callOf('v1'), empty)
    expect(await leases(role)).toBe(1)
    await rotator.create(callOf('v2'), empty)
    expect(await leases(role)).toBe(2)
  })

  it('makes no user for a token that may not be looked up', async () => {
    const policy = `path "*" { capabilities = ["read", "update"] }
      path "auth/token/lookup-self" { capabilities = ["deny"] }`
    await bao.done('PUT', 'sys/policies/acl/blind', { policy })
    const { role, client, rotator, empty } = await dynamic(await tokenFor(bao, { policies: ['blind'] }))
    onTestFinished(() => client.close())
    for (let round = 0; round < 3; round += 1)
      await expect(rotator.create(callOf('v0'), empty)).rejects.toMatchObject({ code: 'access_denied' })
    expect(bao.asked(`database/creds/${role}`)).toBe(0)
  })

  it('is not given to a token that would take it along before its time', async () => {
    const policy = 'path "*" { capabilities = ["create", "read", "update", "list", "sudo"] }'
    await bao.done('PUT', 'sys/policies/acl/rotation', { policy })
    const short = await tokenFor(bao, { policies: ['rotation'], ttl: '10m' })
    const { role, client, rotator, empty } = await dynamic(short)
    onTestFinished(() => client.close())
    await expect(rotator.create(callOf('v0'), empty)).rejects.toMatchObject({
      code: 'source_misconfigured',
      reason: 'token_ends_first',
    })
    expect(await leases(role)).toBe(0)
  })
})
