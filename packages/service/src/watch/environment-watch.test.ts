import { systemRandom } from '@keyplane/core'
import { type FakeClock, fakeClock } from '@keyplane/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import { RemoteSource } from '../../test/remote-source.ts'
import type { Alert } from '../alerts/alert.ts'
import { type AlertLedger, memoryLedger } from '../alerts/alert-ledger.ts'
import { Alerts } from '../alerts/alerts.ts'
import { parseServiceConfig } from '../config.ts'
import { openEnvironment } from '../environments/open-environment.ts'
import { readTool } from '../tools/read-tool.ts'
import { EnvironmentWatch } from './environment-watch.ts'
import type { OpenHealth } from './openbao-probe.ts'
import type { Standing } from './probe.ts'
import { watchedSources } from './watched-sources.ts'

const second = 1_000
const minute = 60 * second
const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

interface Started {
  readonly clock: FakeClock
  readonly source: RemoteSource
  readonly spare: RemoteSource
  readonly watch: EnvironmentWatch
  readonly sent: Alert[]
  /** What `sys/health` would say. */
  health: Standing
  /** After so long. */
  healthTakesMs: number
  /** When it was asked. */
  readonly probedAtMs: number[]
  /** A client's read, which the watch takes note of. */
  readonly read: (options?: { fresh: boolean }) => Promise<string>
  /** Severity and kind of what was sent since the last look. */
  readonly told: () => string[]
}

/** What a process that is started again, or another replica, has in common with the one before. */
interface Common {
  readonly clock?: FakeClock
  readonly ledger?: AlertLedger
}

const start = async (
  environment: string,
  secrets = '{ key: key }',
  { clock = fakeClock(), ledger = memoryLedger() }: Common = {},
): Promise<Started> => {
  const text = `environments: { production: { ${environment} } }\ntools: { payments: { secrets: ${secrets} } }`
  const config = parseServiceConfig({ path: 'service.yaml', text }).environments.get('production')
  const log = { warn: () => {}, error: () => {} }
  const source = new RemoteSource('openbao', {
    key: 'value',
    other: 'value',
    'database/app': 'user',
    'database/idle': 'user',
  })
  const spare = new RemoteSource('aws', { key: 'spare' })
  const open = await openEnvironment(config ?? expect.unreachable(), {
    env: {},
    clock,
    random: systemRandom,
    log,
    open: async (wanted) => (wanted.kind === 'named' && wanted.name === 'aws' ? spare : source),
  })
  const openHealth: OpenHealth = async () => ({
    probe: async () => {
      started.probedAtMs.push(clock.monotonicMs())
      if (started.healthTakesMs > 0)
        await new Promise<void>((resolve) => void clock.after(started.healthTakesMs, resolve))
      return started.health
    },
    close: () => {},
  })
  const sources = await watchedSources(open, { env: {}, clock, open: openHealth })
  const sent: Alert[] = []
  const alerts = new Alerts({
    ledger,
    audit: { append: async () => {} },
    log,
    clock,
    random: systemRandom,
    repeatEveryMs: 60 * minute,
    send: (alert) => void sent.push(alert),
  })
  const watch = new EnvironmentWatch({ environment: open, sources, alerts, clock })
  ends.push(async () => {
    const closing = watch.close()
    await clock.advance(5_000)
    await closing
    await open.secrets.close()
  })
  const started: Started = {
    clock,
    source,
    spare,
    watch,
    sent,
    health: { isWell: true, state: 'active' },
    healthTakesMs: 0,
    probedAtMs: [],
    read: async ({ fresh } = { fresh: false }) => {
      const reading = readTool(open, 'payments', { clock, fresh, onRead: (read) => watch.note(read) })
      await clock.advance(5_000)
      return (await reading).status
    },
    told: () => sent.splice(0).map(({ severity, kind }) => `${severity} ${kind}`),
  }
  const warming = watch.warm()
  await clock.advance(5_000)
  await warming
  watch.start()
  await clock.advance(0)
  return started
}

const own = 'source: openbao, ttl: 5m, maxStale: 1h'

describe('the watch over an environment', () => {
  it('tells of an outage as it grows, of its end once, and asks anew what was old', async () => {
    const started = await start(own)
    const { clock, source, watch, told, read } = started
    expect(watch.health.state).toBe('normal')
    started.health = { isWell: false, state: 'sealed' }
    source.fares = 'down'
    await clock.advance(20 * second)
    expect(watch.health).toMatchObject({ state: 'degraded', sources: [{ standing: { state: 'sealed' } }] })
    expect(started.sent).toMatchObject([
      { severity: 'degraded', kind: 'outage', what: 'the source openbao', source: 'openbao', reason: 'sealed' },
    ])
    started.told()
    await clock.advance(20 * minute)
    expect(await read()).toBe('degraded')
    expect(watch.health.secrets).toMatchObject([{ name: 'payments.key', result: 'stale', reason: 'breaker_open' }])
    expect(told()).toEqual([])
    await clock.advance(60 * minute)
    expect(watch.health.state).toBe('critical')
    // The reminder of the first hour, and that nothing is left.
    expect(told().toSorted()).toEqual(['critical outage', 'degraded outage'])
    started.health = { isWell: true, state: 'active' }
    source.fares = 'answers'
    await clock.advance(20 * second)
    expect(watch.health).toMatchObject({ state: 'normal', secrets: [] })
    await clock.advance(minute)
    expect(told()).toEqual(['recovered outage'])
    const reads = source.reads.length
    await clock.advance(2 * minute)
    expect(source.reads).toHaveLength(reads)
  })

  it.each([
    ['answers at once', 0],
    ['hangs, and is left after two seconds', 2 * second],
  ])('asks OpenBao how it stands every ten seconds, and no more often, where it %s', async (_, takesMs) => {
    const started = await start(own)
    const { clock, probedAtMs, source, watch } = started
    started.healthTakesMs = takesMs
    if (takesMs > 0) {
      started.health = { isWell: false, state: 'hung' }
      source.fares = 'down'
    }
    await clock.advance(10 * minute)
    const [first = expect.unreachable()] = probedAtMs
    expect(probedAtMs).toEqual(Array.from({ length: 61 }, (_each, time) => first + time * 10 * second))
    const closed = watch.close()
    await clock.advance(minute)
    await closed
    expect(probedAtMs).toHaveLength(61)
  })

  it('takes what somebody could not have past the cache for no loss of what is cached', async () => {
    const { clock, source, read, watch, told } = await start(own)
    source.fares = 'down'
    expect(await read({ fresh: true })).toBe('incomplete')
    await clock.advance(5 * second)
    expect(watch.health.secrets).toEqual([])
    await clock.advance(10 * minute)
    expect(await read({ fresh: true })).toBe('incomplete')
    expect(watch.health.secrets).toMatchObject([{ name: 'payments.key', result: 'stale' }])
    expect(told()).toEqual(['degraded outage'])
  })

  it('refreshes once what a fallback gave when the own source is back', async () => {
    const started = await start(`${own}, fallback: [{ source: aws }]`, '{ key: key, other: other }')
    const { clock, source, told, watch } = started
    await clock.advance(2 * minute)
    started.health = { isWell: false, state: 'hung' }
    source.fares = 'down'
    await clock.advance(80 * minute)
    expect(watch.health.secrets).toMatchObject([
      { name: 'payments.key', result: 'fallback', source: 'aws' },
      { name: 'payments.other', result: 'failed' },
    ])
    told()
    started.health = { isWell: true, state: 'active' }
    source.fares = 'answers'
    source.reads.length = 0
    await clock.advance(30 * second)
    // The first one, of either, is that which finds the source back.
    expect(source.reads.slice(1).toSorted()).toEqual(['key', 'other'])
    expect(watch.health.state).toBe('normal')
  })

  it.each([
    ['denies', 'critical refusal', 'access_denied'],
    ['absent', 'critical absence', 'secret_not_found'],
  ] as const)('tells of a source that %s by one alert, and of its end', async (fares, alert, reason) => {
    const started = await start('source: openbao, ttl: 1m')
    const { clock, source, read, told, watch } = started
    source.fares = fares
    await clock.advance(2 * minute)
    await read()
    await read()
    await clock.advance(2 * minute)
    expect(watch.health).toMatchObject({ state: 'critical', secrets: [{ name: 'payments.key', reason }] })
    expect(told()).toEqual([alert])
    source.fares = 'answers'
    await clock.advance(3 * minute)
    expect(told()).toEqual([alert.replace('critical', 'recovered')])
  })

  it('tells of a fallback that would not help, before it is needed', async () => {
    const { clock, spare, told, watch } = await start(`${own}, fallback: [{ source: aws }]`)
    spare.fares = 'hangs'
    await clock.advance(65 * second)
    expect(told()).toEqual(['degraded fallback'])
    expect(watch.health.sources[1]).toMatchObject({ name: 'aws', standing: { isWell: false, state: 'hung' } })
    spare.fares = 'absent'
    await clock.advance(2 * minute)
    expect(told()).toEqual(['recovered fallback'])
  })

  it('asks no source while all is well, but for probes', async () => {
    const { clock, source, spare } = await start(`${own}, fallback: [{ source: aws }]`)
    source.reads.length = 0
    spare.reads.length = 0
    await clock.advance(4 * minute)
    expect(source.reads).toEqual([])
    expect(spare.reads).toHaveLength(4)
  })

  it.each([
    ['this process before its start', true],
    ['another replica that is gone', false],
  ])('tells of the end of what %s saw begin, and of the next outage', async (_, isRestart) => {
    const common = { clock: fakeClock(), ledger: memoryLedger() }
    const { clock } = common
    const before = await start(own, undefined, common)
    const other = isRestart ? undefined : await start(own, undefined, common)
    before.health = { isWell: false, state: 'sealed' }
    await clock.advance(20 * second)
    expect(before.told()).toEqual(['degraded outage'])
    await before.watch.close()
    const after = other ?? (await start(own, undefined, common))
    await clock.advance(4 * minute)
    expect(after.told()).toEqual(['recovered outage'])
    after.health = { isWell: false, state: 'sealed' }
    await clock.advance(20 * second)
    expect(after.told()).toEqual(['degraded outage'])
  })

  it('finds a dynamic secret well again that failed when somebody asked, and makes none that nobody asked for', async () => {
    const secrets = '{ db: { ref: database/app, kind: dynamic }, idle: { ref: database/idle, kind: dynamic } }'
    const started = await start(own, secrets)
    const { clock, source, read, watch, told } = started
    await clock.advance(2 * minute)
    expect(source.reads).toEqual([])
    watch.note({ environment: 'production', tool: 'payments', secret: 'db', result: 'failed', fresh: false })
    await clock.advance(0)
    expect(told()).toEqual(['critical outage'])
    await clock.advance(2 * minute)
    expect(source.reads).toEqual(['database/app'])
    expect(watch.health.state).toBe('normal')
    expect(told()).toEqual(['recovered outage'])
    expect(await read()).toBe('ok')
  })

  it('is over when it is closed', async () => {
    const { clock, watch, spare } = await start(`${own}, fallback: [{ source: aws }]`)
    await watch.close()
    const reads = spare.reads.length
    await clock.advance(10 * minute)
    expect(spare.reads).toHaveLength(reads)
  })
})
