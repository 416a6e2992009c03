import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rotationSchedule, type RotationScheduleOptions } from './rotation-schedule.ts'

const at = (text: string): number => Date.parse(text)
const start = at('2026-01-01T00:00:00Z')
const scheduled = (expression: string, more: Partial<RotationScheduleOptions> = {}) =>
  rotationSchedule({ expression, secretId: 'prod/db', anchorMs: start, ...more })
const opens = (
  expression: string,
  count: number,
  more: Partial<RotationScheduleOptions> & { readonly after?: string } = {},
): string[] =>
  scheduled(expression, more)
    .nextRuns(more.after === undefined ? start : at(more.after), count)
    .map(({ opensAtMs }) => new Date(opensAtMs).toISOString().replace(':00.000Z', 'Z'))
const codeOf = (act: () => unknown): unknown => {
  try {
    act()
    return undefined
  } catch (error) {
    return (error as { code?: unknown }).code
  }
}

describe('a cron expression', () => {
  it.each([
    ['cron(0 8 1 * ? *)', ['2026-01-01T08:00Z', '2026-02-01T08:00Z']],
    ['cron(0 2/10 ? * * *)', ['2026-01-01T02:00Z', '2026-01-01T12:00Z', '2026-01-01T22:00Z', '2026-01-02T02:00Z']],
    ['cron(0 /8 * * ? *)', ['2026-01-01T08:00Z', '2026-01-01T16:00Z', '2026-01-02T00:00Z']],
    ['cron(30,45 23 31 12 ? *)', ['2026-12-31T23:30Z', '2026-12-31T23:45Z', '2027-12-31T23:30Z']],
    ['cron(0 0 ? * 1 *)', ['2026-01-04T00:00Z', '2026-01-11T00:00Z']],
    ['cron(0 0 ? * sun-TUE *)', ['2026-01-04T00:00Z', '2026-01-05T00:00Z', '2026-01-06T00:00Z', '2026-01-11T00:00Z']],
    ['cron(0 0 ? JAN,jul 7 2027)', ['2027-01-02T00:00Z']],
    ['cron(0 0 1 2-12/5 ? *)', ['2026-02-01T00:00Z', '2026-07-01T00:00Z', '2026-12-01T00:00Z', '2027-02-01T00:00Z']],
  ])('%s is in numbers, names, lists, ranges and steps', (expression, expected) => {
    expect(opens(expression, expected.length)).toEqual(expected)
  })

  it.each([
    ['cron(0 0 29 2 ? *)', ['2028-02-29T00:00Z', '2032-02-29T00:00Z']],
    ['cron(0 0 31 * ? *)', ['2026-01-31T00:00Z', '2026-03-31T00:00Z', '2026-05-31T00:00Z']],
    ['cron(0 0 L 2 ? *)', ['2026-02-28T00:00Z', '2027-02-28T00:00Z', '2028-02-29T00:00Z']],
    ['cron(0 0 L-3 2 ? *)', ['2026-02-25T00:00Z', '2027-02-25T00:00Z', '2028-02-26T00:00Z']],
    ['cron(0 0 15W * ? *)', ['2026-01-15T00:00Z', '2026-02-16T00:00Z', '2026-03-16T00:00Z', '2026-04-15T00:00Z']],
    ['cron(0 0 15W 8,11 ? *)', ['2026-08-14T00:00Z', '2026-11-16T00:00Z']],
    ['cron(0 0 1W 8 ? 2026)', ['2026-08-03T00:00Z']],
    ['cron(0 0 31W * ? *)', ['2026-01-30T00:00Z', '2026-03-31T00:00Z', '2026-05-29T00:00Z']],
    ['cron(0 0 LW 2,5 ? *)', ['2026-02-27T00:00Z', '2026-05-29T00:00Z']],
    ['cron(0 0 1,LW 2 ? 2026)', ['2026-02-01T00:00Z', '2026-02-27T00:00Z']],
    ['cron(0 0 ? * 5#3 *)', ['2026-01-15T00:00Z', '2026-02-19T00:00Z']],
    ['cron(0 0 ? * MON#5 *)', ['2026-03-30T00:00Z', '2026-06-29T00:00Z']],
    ['cron(0 0 ? * SUNL *)', ['2026-01-25T00:00Z', '2026-02-22T00:00Z']],
    ['cron(0 0 ? * 6L *)', ['2026-01-30T00:00Z', '2026-02-27T00:00Z']],
    ['cron(0 0 ? * L *)', ['2026-01-03T00:00Z', '2026-01-10T00:00Z']],
  ])('%s keeps to the months', (expression, expected) => {
    expect(opens(expression, expected.length)).toEqual(expected)
  })

  it('waits eight years where a century is no leap year', () => {
    expect(opens('cron(0 0 29 2 ? *)', 2, { after: '2096-01-01T00:00:00Z' })).toEqual([
      '2096-02-29T00:00Z',
      '2104-02-29T00:00Z',
    ])
  })

  it('ends with its years', () => {
    expect(opens('cron(0 0 31 12 ? 2026-2027)', 9)).toEqual(['2026-12-31T00:00Z', '2027-12-31T00:00Z'])
  })

  it.each([
    'cron(0 8 1 * * *)',
    'cron(0 8 ? * ? *)',
    'cron(0 8 1 * ?)',
    'cron(0 8  1 * ? *)',
    'cron(60 8 1 * ? *)',
    'cron(0 24 1 * ? *)',
    'cron(0 8 0 * ? *)',
    'cron(0 8 32 * ? *)',
    'cron(0 8 1 13 ? *)',
    'cron(0 8 1 * ? 1969)',
    'cron(0 8 ? * 0 *)',
    'cron(0 8 ? * 8 *)',
    'cron(0 8 ? * 5#6 *)',
    'cron(0 8 ? * 5#0 *)',
    'cron(0 8 ? * FRI-MON *)',
    'cron(0 8 L-31 * ? *)',
    'cron(0 8 32W * ? *)',
    'cron(0 8 1-5W * ? *)',
    'cron(0 5-1 1 * ? *)',
    'cron(0 1-2-3 1 * ? *)',
    'cron(0 */0 1 * ? *)',
    'cron(0 , 1 * ? *)',
    'cron(0 8 31 2 ? *)',
    'cron(0 8 ? * MON#5 1970)',
    'cron(0 8 1 * ? *) ',
    'rate(0 days)',
    'rate(-1 days)',
    'rate(1.5 days)',
    'rate(10)',
    'rate(10 weeks)',
    'every day',
    '',
  ])('%j is none', (expression) => {
    expect(codeOf(() => scheduled(expression))).toBe('config_invalid')
  })

  it('is read or refused, whatever it is', () => {
    const field = fc.stringMatching(/^[0-9*?LW#,/A-Z-]{1,6}$/)
    fc.assert(
      fc.property(fc.array(field, { minLength: 5, maxLength: 7 }), (fields) => {
        expect([undefined, 'config_invalid']).toContain(codeOf(() => scheduled(`cron(${fields.join(' ')})`)))
      }),
    )
  })
})

describe('AWS Secrets Manager’s own limits', () => {
  it.each([
    'cron(15 8 1 * ? *)',
    'cron(0 8 1 * ? 2027)',
    'cron(0 8,9 1 * ? *)',
    'cron(0 * 1 * ? *)',
    'cron(0 */3 1 * ? *)',
    'cron(0 8 15W * ? *)',
    'rate(3 hours)',
    'rate(300 minutes)',
    'rate(1000 days)',
  ])('refuse %s', (expression) => {
    expect(codeOf(() => scheduled(expression, { dialect: 'secretsmanager' }))).toBe('config_invalid')
    expect(codeOf(() => scheduled(expression))).toBeUndefined()
  })

  it.each([
    'cron(0 /4 * * ? *)',
    'cron(0 2/10 ? * 2#1 *)',
    'cron(0 8 ? * SUNL *)',
    'cron(0 8 L * ? *)',
    'rate(4 hours)',
  ])('allow %s', (expression) => {
    expect(codeOf(() => scheduled(expression, { dialect: 'secretsmanager' }))).toBeUndefined()
  })
})

describe('a window at AWS Secrets Manager', () => {
  const aws = (expression: string, hours: number) =>
    codeOf(() => scheduled(expression, { dialect: 'secretsmanager', windowMs: hours * 3_600_000 }))

  it('ends with its day', () => {
    expect([aws('cron(0 20 1 * ? *)', 4), aws('cron(0 20 1 * ? *)', 5)]).toEqual([undefined, 'config_invalid'])
    expect([aws('cron(0 /8 1 * ? *)', 8), aws('cron(0 2/8 1 * ? *)', 8)]).toEqual([undefined, 'config_invalid'])
    expect(codeOf(() => scheduled('cron(0 20 1 * ? *)', { windowMs: 5 * 3_600_000 }))).toBeUndefined()
  })

  it('has a whole day with a rate of days, whenever that was set', () => {
    expect([aws('rate(10 days)', 24), aws('rate(10 days)', 25)]).toEqual([undefined, 'config_invalid'])
  })
})

describe('a rate', () => {
  it('counts from the moment that it was set at', () => {
    expect(opens('rate(10 days)', 2)).toEqual(['2026-01-11T00:00Z', '2026-01-21T00:00Z'])
    expect(opens('rate(4 hours)', 2, { after: '2026-03-01T01:00:00Z' })).toEqual([
      '2026-03-01T04:00Z',
      '2026-03-01T08:00Z',
    ])
  })

  it('does not run before that', () => {
    expect(opens('rate(1 day)', 1, { after: '2025-01-01T00:00:00Z' })).toEqual(['2026-01-02T00:00Z'])
  })
})

describe('a schedule in a time zone', () => {
  const berlin = { timeZone: 'Europe/Berlin' }

  it('keeps the time of day through summer time', () => {
    expect(opens('cron(0 8 1 * ? *)', 4, { ...berlin, after: '2026-03-01T12:00:00Z' })).toEqual([
      '2026-04-01T06:00Z',
      '2026-05-01T06:00Z',
      '2026-06-01T06:00Z',
      '2026-07-01T06:00Z',
    ])
  })

  it('runs at the change where clocks skip its time', () => {
    expect(opens('cron(30 2 * * ? *)', 3, { ...berlin, after: '2026-03-28T00:00:00Z' })).toEqual([
      '2026-03-28T01:30Z',
      '2026-03-29T01:00Z',
      '2026-03-30T00:30Z',
    ])
  })

  it('runs once where clocks show its time twice', () => {
    expect(opens('cron(30 2 * * ? *)', 3, { ...berlin, after: '2026-10-24T00:00:00Z' })).toEqual([
      '2026-10-24T00:30Z',
      '2026-10-25T00:30Z',
      '2026-10-26T01:30Z',
    ])
  })

  it.each([
    ['Australia/Lord_Howe', 'cron(15 2 * * ? *)', '2026-10-03T00:00:00Z', '2026-10-03T15:30Z'],
    ['America/Sao_Paulo', 'cron(0 0 * * ? *)', '2018-11-03T12:00:00Z', '2018-11-04T03:00Z'],
    ['Asia/Kathmandu', 'cron(0 0 * * ? *)', '2026-01-01T00:00:00Z', '2026-01-01T18:15Z'],
  ])('knows the odd ones: %s', (timeZone, expression, after, expected) => {
    expect(opens(expression, 1, { timeZone, after })).toEqual([expected])
  })

  it('goes on after a day that was left out', () => {
    const apia = { timeZone: 'Pacific/Apia', after: '2011-12-29T23:00:00Z' }
    expect(opens('cron(0 12 * * ? *)', 2, apia)).toEqual(['2011-12-30T10:00Z', '2011-12-30T22:00Z'])
  })

  it('is none for an unknown zone', () => {
    expect(codeOf(() => scheduled('rate(1 day)', { timeZone: 'Europe/Atlantis' }))).toBe('config_invalid')
  })

  it('comes ever later, and never before it is asked for', () => {
    const zones = fc.constantFrom(
      'UTC',
      'Europe/Berlin',
      'America/New_York',
      'Australia/Lord_Howe',
      'Africa/Casablanca',
    )
    const hours = fc.integer({ min: 0, max: 23 })
    fc.assert(
      fc.property(zones, hours, fc.integer({ min: start, max: start + 3e10 }), (timeZone, hour, afterMs) => {
        const runs = scheduled(`cron(30 ${hour} * * ? *)`, { timeZone }).nextRuns(afterMs, 5)
        let before = afterMs
        for (const { opensAtMs } of runs) {
          expect(opensAtMs).toBeGreaterThan(before)
          expect(opensAtMs - before).toBeLessThanOrEqual(26 * 3_600_000)
          before = opensAtMs
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('a window', () => {
  it('is open until midnight, or an hour where it opens several times a day', () => {
    const [daily] = scheduled('cron(0 8 * * ? *)').nextRuns(start, 1)
    expect(daily?.closesAtMs).toBe(at('2026-01-02T00:00:00Z'))
    const [hourly] = scheduled('cron(0 /8 * * ? *)').nextRuns(start, 1)
    expect(hourly?.closesAtMs).toBe(at('2026-01-01T09:00:00Z'))
  })

  it('may be set, but not run into the next', () => {
    const [run] = scheduled('cron(0 8 * * ? *)', { windowMs: 7_200_000 }).nextRuns(start, 1)
    expect(run?.closesAtMs).toBe(at('2026-01-01T10:00:00Z'))
    expect(codeOf(() => scheduled('cron(0 /4 * * ? *)', { windowMs: 5 * 3_600_000 }))).toBe('config_invalid')
    expect(codeOf(() => scheduled('rate(1 day)', { windowMs: 0 }))).toBe('config_invalid')
  })

  it('has a beginning of its own for each secret and each run, which is known before', () => {
    const runs = (secretId: string) =>
      scheduled('cron(0 8 * * ? *)', { secretId, jitterMs: 600_000 }).nextRuns(start, 50)
    const delays = runs('a').map(({ startsAtMs, opensAtMs }) => startsAtMs - opensAtMs)
    expect(runs('a')).toEqual(runs('a'))
    expect(runs('b')).not.toEqual(runs('a'))
    expect(new Set(delays).size).toBeGreaterThan(45)
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...delays)).toBeLessThan(600_000)
    expect(codeOf(() => scheduled('rate(1 day)', { windowMs: 1_000, jitterMs: 2_000 }))).toBe('config_invalid')
  })
})

describe('blackout dates', () => {
  const blackouts = [
    { from: '2026-12-24', to: '2026-12-26' },
    { from: '2026-12-27', to: '2026-12-31' },
  ]

  it('put a run off to the first day after, at the same time of day', () => {
    const options = { blackouts, after: '2026-12-01T12:00:00Z', timeZone: 'Europe/Berlin' }
    expect(opens('cron(0 8 25 * ? *)', 2, options)).toEqual(['2027-01-01T07:00Z', '2027-01-25T07:00Z'])
  })

  it('make one run of all that they put off', () => {
    expect(opens('cron(0 8 * * ? *)', 3, { blackouts, after: '2026-12-22T12:00:00Z' })).toEqual([
      '2026-12-23T08:00Z',
      '2027-01-01T08:00Z',
      '2027-01-02T08:00Z',
    ])
  })

  it('put off runs of several times a day in their order', () => {
    expect(opens('cron(0 6/12 * * ? *)', 4, { blackouts, after: '2026-12-23T12:00:00Z' })).toEqual([
      '2026-12-23T18:00Z',
      '2027-01-01T06:00Z',
      '2027-01-01T18:00Z',
      '2027-01-02T06:00Z',
    ])
  })

  it('make one run of all that they put off, at whatever time of day each was', () => {
    const first = scheduled('rate(7 hours)', { blackouts })
      .nextRuns(at('2026-12-20T00:00:00Z'), 100)
      .filter(({ opensAtMs }) => opensAtMs >= at('2027-01-01T00:00:00Z') && opensAtMs < at('2027-01-02T00:00:00Z'))
    expect(first.length).toBeLessThanOrEqual(5)
  })

  it('keep runs apart that different days put off', () => {
    const apart = [
      { from: '2026-12-24', to: '2026-12-24' },
      { from: '2026-12-26', to: '2026-12-31' },
    ]
    const options = { blackouts: apart, after: '2026-12-22T12:00:00Z' }
    expect(opens('cron(0 8 24,26 * ? *)', 2, options)).toEqual(['2026-12-25T08:00Z', '2027-01-01T08:00Z'])
  })

  it('end a window, so that no delay leads into them', () => {
    for (const secretId of 'abcdefghij') {
      const options = { secretId, blackouts, windowMs: 6 * 3_600_000, jitterMs: 6 * 3_600_000 }
      const [run] = scheduled('cron(0 22 * * ? *)', options).nextRuns(at('2026-12-23T12:00:00Z'), 1)
      expect(run?.startsAtMs).toBeLessThan(at('2026-12-24T00:00:00Z'))
      expect(run?.closesAtMs).toBe(at('2026-12-24T00:00:00Z'))
    }
  })

  it('hold a missed run back too', () => {
    const schedule = scheduled('cron(0 8 23 * ? *)', { blackouts })
    const lastMs = at('2026-11-23T08:00:00Z')
    expect(schedule.dueRun({ lastMs, nowMs: at('2026-12-25T00:00:00Z') })).toBeUndefined()
    expect(schedule.dueRun({ lastMs, nowMs: at('2027-01-01T00:00:00Z') })).toBeDefined()
  })

  it.each([
    { from: '2026-02-30', to: '2026-03-01' },
    { from: '2026-3-1', to: '2026-03-02' },
    { from: '2026-03-02', to: '2026-03-01' },
  ])('have to be dates in their order: %j', (blackout) => {
    expect(codeOf(() => scheduled('rate(1 day)', { blackouts: [blackout] }))).toBe('config_invalid')
  })
})

describe('a schedule of every minute', () => {
  it.each(['UTC', 'Europe/Berlin'])('is looked at without making every minute of the year: %s', (timeZone) => {
    const schedule = scheduled('cron(* * * * ? *)', { timeZone })
    const since = performance.now()
    expect(schedule.nextRuns(start, 3)).toHaveLength(3)
    expect(schedule.dueRun({ lastMs: start, nowMs: start + 365 * 86_400_000 })?.opensAtMs).toBe(
      start + 365 * 86_400_000,
    )
    expect(performance.now() - since).toBeLessThan(5_000)
  })
})

describe('missed runs', () => {
  const schedule = scheduled('cron(0 8 * * ? *)')

  it('are caught up once, by the newest of them', () => {
    const run = schedule.dueRun({ lastMs: at('2026-01-01T08:00:00Z'), nowMs: at('2026-01-20T12:00:00Z') })
    expect(run?.opensAtMs).toBe(at('2026-01-20T08:00:00Z'))
    expect(schedule.dueRun({ lastMs: run?.startsAtMs ?? 0, nowMs: at('2026-01-20T12:00:01Z') })).toBeUndefined()
  })

  it('are none where the last one was in time', () => {
    const lastMs = at('2026-01-20T08:00:00Z')
    expect(schedule.dueRun({ lastMs, nowMs: at('2026-01-21T07:59:59Z') })).toBeUndefined()
    expect(schedule.dueRun({ lastMs, nowMs: at('2026-01-21T08:00:00Z') })?.opensAtMs).toBe(at('2026-01-21T08:00:00Z'))
  })
})
