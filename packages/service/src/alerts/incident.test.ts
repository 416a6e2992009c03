import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { afterLook, type Incident, type Level, type Look, type News } from './incident.ts'

const second = 1_000
const facts = { what: 'payments.key', source: 'openbao', reason: 'sealed' }

/** Looks one after the other at one condition, and what each had to tell. */
class Watched {
  kept: Incident | undefined
  atMs = 0
  #ids = 0

  look(level: Level, replica = 'a', repeatEveryMs = 3_600 * second): News | undefined {
    const look: Look = { replica, level, atMs: this.atMs, facts, newId: String((this.#ids += 1)), repeatEveryMs }
    const { kept, news } = afterLook(this.kept, look)
    this.kept = kept
    return news
  }

  /** Looks every ten seconds, and the severities that were told. */
  for(ms: number, level: Level): string[] {
    const told: string[] = []
    for (const endMs = this.atMs + ms; this.atMs < endMs; this.atMs += 10 * second) {
      const news = this.look(level)
      if (news) told.push(news.reminder ? `${news.severity} again` : news.severity)
    }
    return told
  }
}

describe('an incident', () => {
  it('is told as degraded, as critical and as over, each once', () => {
    const watched = new Watched()
    expect(watched.for(60 * second, 'normal')).toEqual([])
    expect(watched.for(60 * second, 'degraded')).toEqual(['degraded'])
    expect(watched.for(60 * second, 'critical')).toEqual(['critical'])
    expect(watched.for(60 * second, 'degraded')).toEqual([])
    expect(watched.for(60 * second, 'critical')).toEqual([])
    expect(watched.for(60 * second, 'normal')).toEqual(['recovered'])
    expect(watched.for(60 * second, 'normal')).toEqual([])
    expect(watched.kept).toMatchObject({ id: '7', sinceMs: 60 * second, facts })
  })

  it('is one however often it comes and goes within half a minute', () => {
    const watched = new Watched()
    expect(watched.for(10 * second, 'critical')).toEqual(['critical'])
    for (let times = 0; times < 20; times += 1) {
      expect(watched.for(20 * second, 'normal')).toEqual([])
      expect(watched.for(10 * second, 'critical')).toEqual([])
    }
  })

  it('that comes back after its end has to stay away twice as long', () => {
    const watched = new Watched()
    const secondsUntilOver: number[] = []
    for (let times = 0; times < 7; times += 1) {
      expect(watched.for(10 * second, 'degraded')).toEqual(['degraded'])
      const startMs = watched.atMs
      while (watched.look('normal') === undefined) watched.atMs += 10 * second
      secondsUntilOver.push((watched.atMs - startMs) / second)
      watched.atMs += 10 * second
    }
    expect(secondsUntilOver).toEqual([30, 60, 120, 240, 480, 600, 600])
    expect(watched.for(1_800 * second, 'normal')).toEqual([])
    watched.for(10 * second, 'degraded')
    expect(watched.kept).toMatchObject({ returns: 0 })
  })

  it('is told again while it holds on, if that is wanted', () => {
    const watched = new Watched()
    expect(watched.for(3 * 3_600 * second, 'degraded')).toEqual(['degraded', 'degraded again', 'degraded again'])
    expect(watched.look('degraded', 'a', 0)).toBeUndefined()
  })

  it('is one for all who see it, and over when it is over for all', () => {
    const watched = new Watched()
    expect(watched.look('degraded', 'a')).toMatchObject({ severity: 'degraded' })
    expect(watched.look('degraded', 'b')).toBeUndefined()
    for (let times = 0; times < 10; times += 1) {
      watched.atMs += 10 * second
      expect(watched.look('normal', 'a')).toBeUndefined()
      expect(watched.look('degraded', 'b')).toBeUndefined()
    }
    // Then b is gone: what it saw counts for a minute.
    const told: News[] = []
    for (let times = 0; times < 12; times += 1) {
      watched.atMs += 10 * second
      told.push(...[watched.look('normal', 'a') ?? []].flat())
    }
    expect(told).toMatchObject([{ severity: 'recovered' }])
  })

  it('never ends before it began, is never told twice in a row, and is plain data', () => {
    const looks = fc.array(
      fc.record({
        replica: fc.constantFrom('a', 'b', 'c'),
        level: fc.constantFrom<Level>('normal', 'degraded', 'critical'),
        afterMs: fc.nat(90 * second),
      }),
      { maxLength: 60 },
    )
    fc.assert(
      fc.property(looks, (given) => {
        const watched = new Watched()
        let before = 'recovered'
        for (const { replica, level, afterMs } of given) {
          watched.atMs += afterMs
          const news = watched.look(level, replica, 0)
          expect(JSON.parse(JSON.stringify(watched.kept ?? null))).toEqual(watched.kept ?? null)
          if (!news) continue
          const allowed = {
            recovered: ['degraded', 'critical'],
            degraded: ['critical', 'recovered'],
            critical: ['recovered'],
          }
          expect(allowed[before as keyof typeof allowed]).toContain(news.severity)
          // Nobody who looked within a minute still sees what is told to be over, nor is worse told than somebody sees.
          const seen = Object.values(news.incident.views).map((view) => view.level)
          if (news.severity === 'recovered') expect(new Set(seen)).toEqual(new Set(['normal']))
          else expect(seen).toContain(news.severity)
          before = news.severity
        }
      }),
    )
  })
})
