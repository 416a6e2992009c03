import { describe, expect, it } from 'vitest'
import { fuzzAgent } from './fuzz-agent.ts'

describe('hostile input', () => {
  it('is read as a plain node:http server reads it, but for what is declared, and ends in no 5xx', async () => {
    const requests = Number(process.env['KEYPLANE_FUZZ_REQUESTS'] ?? 3_000)
    const seed = Number(process.env['KEYPLANE_FUZZ_SEED'] ?? 1)
    const result = await fuzzAgent({ seed, requests })
    expect(result.faults).toEqual([])
    expect(result.serverErrors).toBe(0)
    // It did look at each of the ways.
    expect(result.fastAnswers).toBeGreaterThan(0)
    expect(result.oddHeads).toBeGreaterThan(0)
    console.info(`${result.requests} requests on ${result.streams} connections, seed ${seed}`)
  }, 120_000)
})
