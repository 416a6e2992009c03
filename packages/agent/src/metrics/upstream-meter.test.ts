import { fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { UpstreamMeter } from './upstream-meter.ts'

const call = { operation: 'GetSecretValue', outcome: 'ok', durationMs: 500 }

describe('the meter of upstream calls', () => {
  it('counts calls and their time, by operation and outcome', () => {
    const meter = new UpstreamMeter(fakeClock())
    for (const outcome of ['ok', 'ok', 'timeout']) meter.note({ ...call, outcome })
    expect([...meter.counts]).toEqual([
      { operation: 'GetSecretValue', outcome: 'ok', calls: 2, seconds: 1 },
      { operation: 'GetSecretValue', outcome: 'timeout', calls: 1, seconds: 0.5 },
    ])
  })

  it('tells the calls of the last hour, whenever they came', async () => {
    const clock = fakeClock()
    const meter = new UpstreamMeter(clock)
    for (let minute = 0; minute < 90; minute += 1) {
      meter.note(call)
      meter.note(call)
      await clock.advance(60_000)
    }
    expect(meter.lastHour).toBe(118)
    await clock.advance(30 * 60_000)
    expect(meter.lastHour).toBe(58)
    await clock.advance(24 * 3_600_000)
    expect(meter.lastHour).toBe(0)
    meter.note(call)
    expect(meter.lastHour).toBe(1)
  })
})
