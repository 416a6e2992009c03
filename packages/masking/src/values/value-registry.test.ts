import { inspect } from 'node:util'
import { BytesValue, TextValue } from '@keyplane/core'
import { fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { createMasker } from '../masker.ts'
import { createValueRegistry, type ValueRegistry } from './value-registry.ts'

const secret = 'gT7-pQ2x!Zk9'
const hourMs = 3_600_000

const start = (options: { keepMs?: number } = {}) => {
  const clock = fakeClock()
  const values = createValueRegistry({ clock, ...options })
  const { text } = createMasker({ values })
  return { clock, values, text }
}

describe('a registry of values', () => {
  const ways: Record<string, (values: ValueRegistry) => void> = {
    'a string': (values) => values.note(secret),
    'a text': (values) => values.note(new TextValue(secret)),
    'bytes that are a text': (values) => values.note(new BytesValue(Buffer.from(secret))),
  }

  it.each(Object.entries(ways))('has %s masked for an hour', async (_, note) => {
    const { clock, values, text } = start()
    note(values)
    await clock.advance(hourMs - 1)
    expect(text(`it is ${secret}.`)).toBe('it is ****.')
    await clock.advance(1)
    expect(text(`it is ${secret}.`)).toBe(`it is ${secret}.`)
    expect(values.size).toBe(0)
    expect(clock.waiting).toBe(0)
  })

  it('begins the hour anew with each note', async () => {
    const { clock, values, text } = start()
    for (let turn = 0; turn < 5; turn += 1) {
      values.note(secret)
      await clock.advance(hourMs - 1)
    }
    expect(text(secret)).toBe('****')
    await clock.advance(1)
    expect(text(secret)).toBe(secret)
  })

  it('keeps a value that is held, and lets it go an hour after the last release', async () => {
    const { clock, values, text } = start()
    values.hold(new TextValue(secret))
    values.hold(secret)
    await clock.advance(1_000 * hourMs)
    expect(text(secret)).toBe('****')
    values.release(new BytesValue(Buffer.from(secret)))
    await clock.advance(2 * hourMs)
    expect(text(secret)).toBe('****')
    values.release(secret)
    await clock.advance(hourMs - 1)
    expect(text(secret)).toBe('****')
    await clock.advance(1)
    expect(text(secret)).toBe(secret)
    values.release(secret)
    expect(values.size).toBe(0)
  })

  it('shows no value of its own', () => {
    const { values } = start()
    values.hold(secret)
    for (const shown of [inspect(values, { showHidden: true, depth: 9 }), JSON.stringify(values)])
      expect(shown).not.toContain(secret)
    expect(Object.keys(values)).toEqual([])
  })
})
