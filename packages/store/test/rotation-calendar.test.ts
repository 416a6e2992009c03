import { beforeEach, describe, expect, it } from 'vitest'
import { RotatingStore, randomPassword } from './rotating-store.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

let store: RotatingStore
beforeEach(() => {
  store = new RotatingStore()
  return () => store.remove()
})

const day = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10)
/** Has a secret rotated at three in the morning; gives when that is next. */
const scheduled = async (rules: Record<string, string> = {}) => {
  await store.ok('CreateSecret', { Name: 'one', SecretString: '{"password":"first"}' })
  const RotationRules = { ScheduleExpression: 'cron(0 3 * * ? *)', ...rules }
  await store.rotate({ RotationLambdaARN: randomPassword, RotationRules, RotateImmediately: false })
  return next()
}
const next = async () => ((await store.facts())['NextRotationDate'] as number) * 1_000
/** A trial that a stop cut short is a problem, too, but none of these. */
const missedWindows = () =>
  store.problems.filter((each) => (each as { readonly reason?: string }).reason === 'window_missed')
/** The store is away until then. */
const awayUntil = async (atMs: number, options = {}) => {
  await store.stop()
  await store.clock.advance(atMs - store.clock.nowMs())
  await store.start(options)
  for (let turn = 0; turn < 30; turn += 1) {
    await store.clock.advance(1_000)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

describe('a scheduled rotation whose time passed while the store was away', () => {
  beforeEach(() => store.start())

  it('begins while its window is open', async () => {
    await awayUntil((await scheduled({ Duration: '2h' })) + hourMs)
    await store.until(() => store.isRotated())
  })

  it('waits for the next window where its own is over', async () => {
    const first = await scheduled({ Duration: '2h' })
    await awayUntil(first + 5 * hourMs)
    await store.until(async () => (await next()) === first + dayMs)
    expect(await store.isRotated()).toBe(false)
    expect(missedWindows()).toHaveLength(1)
    await store.clock.advance(19 * hourMs - 60_000)
    await store.until(() => store.isRotated())
  })

  it('begins in the window that is open, where others have passed', async () => {
    await awayUntil((await scheduled({ Duration: '2h' })) + 3 * dayMs + hourMs)
    await store.until(() => store.isRotated())
  })

  it('is caught up at once where it has no window of its own', async () => {
    await awayUntil((await scheduled()) + 5 * hourMs)
    await store.until(() => store.isRotated())
  })
})

describe('a store with a calendar', () => {
  it('begins no scheduled rotation on blackout dates, nor one that was missed before them', async () => {
    await store.start()
    const first = await scheduled()
    const blackouts = [{ from: day(first), to: day(first + dayMs) }]
    await awayUntil(first + hourMs, { rotationCalendar: { blackouts } })
    expect(await store.isRotated()).toBe(false)
    await awayUntil(first + 2 * dayMs, { rotationCalendar: { blackouts } })
    await store.until(() => store.isRotated())
    expect(await next()).toBeGreaterThan(first + 2 * dayMs)
  })

  it('puts a run off, to the same time of day, where its date has become one', async () => {
    await store.start()
    const first = await scheduled({ Duration: '2h' })
    const blackouts = [{ from: day(first), to: day(first) }]
    await awayUntil(first + hourMs, { rotationCalendar: { blackouts } })
    await store.until(async () => (await next()) === first + dayMs)
    expect(await store.isRotated()).toBe(false)
    await awayUntil(first + dayMs - hourMs, { rotationCalendar: { blackouts } })
    expect([await store.isRotated(), missedWindows()]).toEqual([false, []])
    await store.clock.advance(hourMs)
    await store.until(() => store.isRotated())
  })

  it('plans by its time zone and its delays, within half of a window', async () => {
    await store.start({ rotationCalendar: { timeZone: 'Asia/Tokyo', jitterMs: 10 * hourMs } })
    const openedAtMs = Math.floor(((await scheduled({ Duration: '2h' })) / hourMs) % 24)
    expect(openedAtMs).toBe(18)
    expect((await next()) % hourMs).toBeGreaterThan(0)
  })

  it.each([{ timeZone: 'Nowhere' }, { jitterMs: -1 }, { blackouts: [{ from: '2026-13-01', to: '2026-13-02' }] }])(
    'does not start with one that is none: %j',
    async (rotationCalendar) => {
      await expect(store.start({ rotationCalendar })).rejects.toMatchObject({ code: 'config_invalid' })
    },
  )
})
