import { fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { collectEverything, givingMemoryBackAtRest } from './memory-at-rest.ts'

const mebibyte = 1024 * 1024

const watched = () => {
  const clock = fakeClock()
  const state = { cpuMs: 0, heap: 100 * mebibyte, collected: 0 }
  const timer = givingMemoryBackAtRest({
    clock,
    cpuMs: () => state.cpuMs,
    heapBytes: () => state.heap,
    collect: () => {
      state.collected += 1
      state.heap = 60 * mebibyte
    },
  })
  return { clock, state, timer }
}

describe('memory at rest', () => {
  it('is given back once when the process rests', async () => {
    const { clock, state } = watched()
    await clock.advance(60_000)
    expect(state.collected).toBe(1)
  })

  it('is kept while the process works', async () => {
    const { clock, state } = watched()
    for (let second = 0; second < 60; second += 1) {
      state.cpuMs += 100
      await clock.advance(1_000)
    }
    expect(state.collected).toBe(0)
  })

  it('is given back again only after it has grown much', async () => {
    const { clock, state } = watched()
    await clock.advance(60_000)
    state.heap += 20 * mebibyte
    await clock.advance(60_000)
    expect(state.collected).toBe(1)
    state.heap += 20 * mebibyte
    await clock.advance(60_000)
    expect(state.collected).toBe(2)
  })

  it('is looked at no more after the end', async () => {
    const { clock, state, timer } = watched()
    timer.cancel()
    await clock.advance(60_000)
    expect(state.collected).toBe(0)
  })

  it('is really given back: the heap is small after a collection of what nobody holds', () => {
    const held = Array.from({ length: 200_000 }, (_, index) => ({ index, text: `${index}`.repeat(20) }))
    const before = process.memoryUsage().heapTotal
    held.length = 0
    collectEverything()
    expect(process.memoryUsage().heapTotal).toBeLessThan(before - 20 * mebibyte)
  })
})
