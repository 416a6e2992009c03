import { SecretsError } from '@keyplane/core'
import { describe, expect, it } from 'vitest'
import type { Writer } from './ports.ts'
import { writerWhenNeeded } from './writer-when-needed.ts'

const unit = { statements: [], audit: [] }

const start = () => {
  const state = { opened: 0, written: 0, closed: 0, fails: false, alive: true }
  const writer = writerWhenNeeded(async (): Promise<Writer> => {
    state.opened += 1
    await new Promise((resolve) => setImmediate(resolve))
    if (state.fails) throw new SecretsError('unavailable', 'busy', { reason: 'busy' })
    return {
      write: async () => {
        state.written += 1
        return 'committed'
      },
      get alive() {
        return state.alive
      },
      close: async () => void (state.closed += 1),
    }
  })
  return { state, writer }
}

describe('a writer that is opened when it is needed', () => {
  it('is opened once, by the first of many writes', async () => {
    const { state, writer } = start()
    expect(state.opened).toBe(0)
    expect(writer.alive).toBe(true)
    const outcomes = await Promise.all([writer.write(unit), writer.write(unit), writer.write(unit)])
    await writer.write(unit)
    expect(outcomes).toEqual(['committed', 'committed', 'committed'])
    expect(state).toMatchObject({ opened: 1, written: 4 })
  })

  it('fails a write that can’t open it, and tries again at the next', async () => {
    const { state, writer } = start()
    state.fails = true
    await expect(writer.write(unit)).rejects.toMatchObject({ code: 'unavailable', reason: 'busy' })
    state.fails = false
    expect(await writer.write(unit)).toBe('committed')
  })

  it('is never opened where nothing was written before its end, and takes nothing after it', async () => {
    const { state, writer } = start()
    await writer.close()
    await expect(writer.write(unit)).rejects.toMatchObject({ code: 'closed' })
    expect(state).toMatchObject({ opened: 0, closed: 0 })
    expect(writer.alive).toBe(false)
  })

  it('that is being opened is closed when it is open, with what it was given written', async () => {
    const { state, writer } = start()
    const writing = writer.write(unit)
    await writer.close()
    expect(await writing).toBe('committed')
    expect(state).toMatchObject({ opened: 1, written: 1, closed: 1 })
  })

  it('is dead where what it opened is', async () => {
    const { state, writer } = start()
    await writer.write(unit)
    state.alive = false
    expect(writer.alive).toBe(false)
  })
})
