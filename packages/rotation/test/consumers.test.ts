import { type Rotation, versionForConsumer } from '@keyplane/rotation'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isInCanary } from '../src/receipts/canary.ts'
import { type Act, acts, heartbeatMs, ModelConsumer } from './model/consumers.ts'
import { type Fate, fates } from './model/faults.ts'
import { targets } from './model/targets.ts'
import { secretId, World } from './model/world.ts'

const graceMs = 60_000
const lookEveryMs = 5_000
const names = ['billing', 'orders', 'mail']
const someActs = fc.array(fc.tuple(fc.nat(2), fc.constantFrom(...acts, 'use' as Act, 'beat' as Act)), { maxLength: 60 })
const someFates = fc.array(fc.constantFrom(...fates, 'fine', 'fine'), { maxLength: 40 })
const overlapping = Object.entries(targets).filter(([, target]) => target().rotator().overlaps)

/** One act of one consumer after each thing that the rotation does; time goes on a little. */
const acting = (consumers: readonly ModelConsumer[], row: readonly (readonly [number, Act])[]) => {
  const left = [...row]
  return async (world: World): Promise<void> => {
    world.nowMs += 100
    const [which, act] = left.shift() ?? [0, 'rest']
    await consumers[which]?.act(act, world)
  }
}
const rotationOf = async (world: World): Promise<Rotation> => {
  const entry = await world.journal.load(secretId)
  if (!entry) throw new Error('There is no rotation.')
  return entry.rotation
}

describe.each(Object.entries(targets))('the old credential of %s', (_, target) => {
  it('is retired once its living consumers use the new one, or after the grace period, whatever befalls', async () => {
    await fc.assert(
      fc.asyncProperty(someFates, someActs, async (fateRow, actRow) => {
        const consumers = names.map((name) => new ModelConsumer(name))
        let waitedFor: readonly string[] = []
        const beforeRetire = async (world: World): Promise<void> => {
          const rotation = await rotationOf(world)
          if (rotation.state !== 'verified') throw new Error(`It is ${rotation.state}.`)
          waitedFor = consumers
            .filter(({ said, hasEnded }) => said === rotation.currentVersion && !hasEnded)
            .filter(({ livesUntilMs }) => livesUntilMs > rotation.verifiedAtMs)
            .map(({ id }) => id)
          if (world.nowMs < rotation.retireAtMs) expect(waitedFor).toEqual([])
        }
        const meanwhile = acting(consumers, actRow)
        const world = new World(target(), fateRow as Fate[], { graceMs, lookEveryMs }, { meanwhile, beforeRetire })
        for (const consumer of consumers) await consumer.act('use', world)
        const { rotation } = await world.rotate()
        if (rotation.state !== 'finished' || rotation.alert?.kind === 'not_retired') return
        const named = rotation.alert?.laggards?.map(({ name }) => name) ?? []
        expect(named).toEqual(expect.arrayContaining([...waitedFor]))
      }),
      { numRuns: 300 },
    )
  })
})

const keys = (): ReturnType<NonNullable<(typeof targets)[string]>> => {
  const target = targets['keys side by side']?.()
  if (!target) throw new Error('There is no such target.')
  return target
}
/** Lets consumers do something from the moment on at which the new version is verified. */
const sinceVerified =
  (act: (world: World) => Promise<void>) =>
  async (world: World): Promise<void> => {
    const entry = await world.journal.load(secretId)
    if (entry?.rotation.state === 'verified') await act(world)
  }

describe('the old credential', () => {
  it('is retired as soon as all have acknowledged', async () => {
    const consumers = names.map((name) => new ModelConsumer(name))
    const meanwhile = sinceVerified(async (world) => {
      for (const consumer of consumers) await consumer.act('use', world)
    })
    const world = new World(keys(), [], { graceMs, lookEveryMs }, { meanwhile })
    for (const consumer of consumers) await consumer.act('use', world)
    const { rotation } = await world.rotate()
    expect(rotation).toMatchObject({ state: 'finished', endedAtMs: world.startMs + lookEveryMs })
    expect(world.alerts).toEqual([])
  })

  it('stays for the grace period where one consumer is frozen, and the alert names that one', async () => {
    const consumers = names.map((name) => new ModelConsumer(name))
    const meanwhile = sinceVerified(async (world) => {
      for (const consumer of consumers.slice(1)) await consumer.act('use', world)
    })
    const world = new World(keys(), [], { graceMs, lookEveryMs }, { meanwhile })
    for (const consumer of consumers) await consumer.act('use', world)
    await consumers[0]?.act('freeze', world)
    const { rotation } = await world.rotate()
    expect(rotation).toMatchObject({ state: 'finished', endedAtMs: world.startMs + graceMs })
    expect(world.alerts.map(({ kind, laggards }) => [kind, laggards])).toEqual([
      ['unacknowledged', [{ id: 'billing', name: 'billing' }]],
    ])
  })

  it('does not wait for a consumer that has missed three heartbeats before', async () => {
    const [gone, there] = names.map((name) => new ModelConsumer(name))
    const meanwhile = sinceVerified(async (world) => there?.act('use', world))
    const world = new World(keys(), [], { graceMs, lookEveryMs }, { meanwhile })
    await gone?.act('use', world)
    world.nowMs += 3 * heartbeatMs
    await there?.act('use', world)
    const { rotation } = await world.rotate()
    expect(rotation).toMatchObject({ endedAtMs: world.startMs + 3 * heartbeatMs + lookEveryMs })
    expect(world.alerts).toEqual([])
  })

  it('does not wait for one that has ended', async () => {
    const [ends, there] = names.map((name) => new ModelConsumer(name))
    const meanwhile = sinceVerified(async (world) => {
      await there?.act('use', world)
      await ends?.act('end', world)
    })
    const world = new World(keys(), [], { graceMs, lookEveryMs }, { meanwhile })
    for (const consumer of [ends, there]) await consumer?.act('use', world)
    expect((await world.rotate()).rotation).toMatchObject({ endedAtMs: world.startMs + lookEveryMs })
  })

  it('is waited for by nobody without a grace period, and nobody is named', async () => {
    const consumer = new ModelConsumer('billing')
    const world = new World(keys(), [], { lookEveryMs })
    await consumer.act('use', world)
    expect((await world.rotate()).rotation).toMatchObject({ endedAtMs: world.startMs })
    expect(world.alerts).toEqual([])
  })

  it('stays for the grace period where nobody reports: that says nothing of who uses it', async () => {
    const world = new World(keys(), [], { graceMs, lookEveryMs })
    expect((await world.rotate()).rotation).toMatchObject({ endedAtMs: world.startMs + graceMs })
    expect(world.alerts).toEqual([])
  })
})

describe.each(overlapping)('a canary of %s', (_, target) => {
  const canary = { percent: 50, observeMs: 30_000, maxRefusals: 1 }

  it('has the new version first, and is taken back where it is refused too often, whatever befalls', async () => {
    let refusedRuns = 0
    await fc.assert(
      fc.asyncProperty(someFates, someActs, fc.boolean(), async (fateRow, actRow, fails) => {
        const consumers = names.map((name) => new ModelConsumer(name, (version) => fails && version !== 'v0'))
        const act = acting(consumers, actRow)
        const before = new Map<string, ReadonlySet<string>>()
        let isRefused = false
        const meanwhile = async (world: World): Promise<void> => {
          const entry = await world.journal.load(secretId)
          const { state, pendingVersion = '' } = entry?.rotation ?? {}
          if (state === 'canary' || state === 'tested') await act(world)
          // All that is said until then comes before the look that promotes it.
          if (state === 'canary') isRefused ||= consumers.some(({ refused }) => refused.has(pendingVersion))
          if (!entry || (await world.versions.current()).versionId === entry.rotation.pendingVersion) return
          for (const { id, given } of consumers)
            if (!isInCanary(entry.rotation, id)) before.set(id, new Set([...(before.get(id) ?? []), ...given]))
        }
        const world = new World(target(), fateRow as Fate[], {}, { meanwhile, canary: { ...canary, maxRefusals: 0 } })
        const { rotation } = await world.rotate()
        if (isRefused) expect(rotation.state).toBe('rolled-back')
        if (isRefused) refusedRuns += 1
        // Nobody else was given the new version as long as it was not current.
        for (const given of before.values()) expect([...given].filter((version) => version !== 'v0')).toEqual([])
        const current = (await world.versions.current()).versionId
        expect(current).toBe(rotation.state === 'finished' ? rotation.pendingVersion : 'v0')
        if (!fails && rotation.state === 'rolled-back') expect(rotation.cause).not.toBe('canary')
      }),
      { numRuns: 300 },
    )
    expect(refusedRuns).toBeGreaterThan(0)
  })

  it('that fails is taken back at the next look, and nobody is given its version from then on', async () => {
    const consumers = Array.from({ length: 20 }, (__, index) => new ModelConsumer(`c${index}`, (id) => id !== 'v0'))
    let failedAtMs: number | undefined
    const meanwhile = async (world: World): Promise<void> => {
      if ((await world.journal.load(secretId))?.rotation.state !== 'canary') return
      failedAtMs ??= world.nowMs
      for (const consumer of consumers) await consumer.act('use', world)
    }
    const world = new World(target(), [], {}, { meanwhile, canary })
    const { rotation } = await world.rotate()
    expect(rotation).toMatchObject({ state: 'rolled-back', cause: 'canary' })
    expect(world.nowMs - (failedAtMs ?? 0)).toBeLessThanOrEqual(lookEveryMs)
    const tried = consumers.filter(({ given }) => given.has(rotation.pendingVersion))
    expect(tried.map(({ id }) => id)).toEqual(consumers.map(({ id }) => id).filter((id) => isInCanary(rotation, id)))
    expect(world.alerts.map(({ kind }) => kind)).toEqual(['rolled_back'])
  })

  it('is taken back though all that were refused have ended, and not given to them when they begin again', async () => {
    const consumers = Array.from({ length: 20 }, (__, index) => new ModelConsumer(`c${index}`, (id) => id !== 'v0'))
    const meanwhile = async (world: World): Promise<void> => {
      if ((await world.journal.load(secretId))?.rotation.state !== 'canary') return
      for (const consumer of consumers)
        for (const act of ['use', 'end', 'restart'] as const) await consumer.act(act, world)
      for (const { id } of consumers) expect(await versionForConsumer(world)(secretId, id)).toBeUndefined()
    }
    const world = new World(target(), [], {}, { meanwhile, canary })
    expect((await world.rotate()).rotation).toMatchObject({ state: 'rolled-back', cause: 'canary' })
  })

  it.each([false, true])('lasts until all are given its version, or it is refused: %s', async (fails) => {
    const tries = new ModelConsumer('billing', (versionId) => fails && versionId !== 'v0')
    const meanwhile = async (world: World): Promise<void> => {
      const rotation = (await world.journal.load(secretId))?.rotation
      if (rotation?.state !== 'tested') return
      const isRefused = fails && tries.given.has(rotation.pendingVersion)
      expect(await versionForConsumer(world)(secretId, tries.id)).toBe(isRefused ? undefined : rotation.pendingVersion)
      await tries.act('use', world)
    }
    const world = new World(
      target(),
      [],
      {},
      { meanwhile, canary: { percent: 100, observeMs: 30_000, maxRefusals: 0 } },
    )
    const ended = fails ? { state: 'rolled-back', cause: 'canary' } : { state: 'finished' }
    expect((await world.rotate()).rotation).toMatchObject(ended)
  })

  it('is over for a consumer that was refused its version, before it is taken back', async () => {
    const consumers = Array.from({ length: 20 }, (__, index) => new ModelConsumer(`c${index}`, (id) => id !== 'v0'))
    const meanwhile = async (world: World): Promise<void> => {
      for (let round = 0; round < 2; round += 1) for (const consumer of consumers) await consumer.act('use', world)
      if ((await world.journal.load(secretId))?.rotation.state !== 'canary') return
      expect(new Set(consumers.map(({ said }) => said))).toEqual(new Set(['v0']))
    }
    const world = new World(target(), [], {}, { meanwhile, canary: { ...canary, maxRefusals: 1_000 } })
    expect((await world.rotate()).rotation).toMatchObject({ state: 'finished' })
  })

  it.each(['from its beginning', 'later'])('that nobody watched %s has its time anew', async (when) => {
    let awayUntilMs = 0
    const meanwhile = async (world: World): Promise<void> => {
      const rotation = (await world.journal.load(secretId))?.rotation
      if (awayUntilMs > 0 || rotation?.state !== 'canary') return
      if (when === 'later' && rotation.lookAtMs === undefined) return
      awayUntilMs = world.nowMs += canary.observeMs
    }
    const world = new World(target(), [], {}, { meanwhile, canary })
    expect((await world.rotate()).rotation).toMatchObject({ state: 'finished' })
    expect(world.nowMs).toBe(awayUntilMs + canary.observeMs)
  })

  it('whose looks are late each time is taken back in the end, and that is told', async () => {
    const meanwhile = async (world: World): Promise<void> => {
      if ((await world.journal.load(secretId))?.rotation.state === 'canary') world.nowMs += 20_000
    }
    const giveUpAfterMs = 600_000
    const world = new World(target(), [], { giveUpAfterMs }, { meanwhile, canary })
    const { rotation } = await world.rotate()
    expect(rotation).toMatchObject({ state: 'rolled-back', cause: 'given_up' })
    expect(world.nowMs - world.startMs).toBeLessThan(canary.observeMs + giveUpAfterMs + 300_000)
    expect(world.alerts.map(({ kind }) => kind)).toEqual(['rolled_back'])
  })

  it('that fares well is promoted after the time of observation', async () => {
    const consumers = names.map((name) => new ModelConsumer(name))
    const meanwhile = async (world: World): Promise<void> => {
      for (const consumer of consumers) await consumer.act('use', world)
    }
    const world = new World(target(), [], {}, { meanwhile, canary })
    expect((await world.rotate()).rotation).toMatchObject({ state: 'finished' })
    expect(world.nowMs).toBe(world.startMs + canary.observeMs)
  })
})

describe('a canary', () => {
  const canary = { percent: 10, observeMs: 1_000, maxRefusals: 0 }

  it('is refused where the target takes one credential only', async () => {
    const world = new World(targets['one user']?.() ?? keys())
    await expect(world.engine().begin({ secretId, rotator: 'single', canary })).rejects.toMatchObject({
      code: 'unsupported',
      reason: 'no_overlap',
    })
    expect(await world.journal.load(secretId)).toBeUndefined()
  })

  it.each([{ percent: 0 }, { percent: 101 }, { percent: Number.NaN }, { observeMs: -1 }, { maxRefusals: 0.5 }])(
    'is refused with %o',
    async (wrong) => {
      const begun = new World(keys()).engine().begin({ secretId, rotator: 'keys', canary: { ...canary, ...wrong } })
      await expect(begun).rejects.toMatchObject({ code: 'config_invalid' })
    },
  )

  it('is so many of a hundred consumers, the same through a rotation and others in the next', () => {
    const ids = Array.from({ length: 10_000 }, (_, index) => `consumer ${index}`)
    const chosen = (rotationId: string): readonly string[] => ids.filter((id) => isInCanary({ rotationId, canary }, id))
    expect(chosen('one').length / ids.length).toBeCloseTo(0.1, 1)
    expect(chosen('one')).toEqual(chosen('one'))
    expect(chosen('one')).not.toEqual(chosen('two'))
    const all = { rotationId: 'one', canary: { ...canary, percent: 100 } }
    expect(ids.every((id) => isInCanary(all, id))).toBe(true)
  })
})
