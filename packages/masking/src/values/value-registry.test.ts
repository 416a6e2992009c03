import { inspect } from 'node:util'
import { BytesValue, TextValue } from '@keyplane/core'
import { fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { createMasker, maskSecrets, maskText } from '../masker.ts'
import { processValues } from './process-values.ts'
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

  it('has each masked for its own hour', async () => {
    const { clock, values, text } = start()
    for (let index = 0; index < 100; index += 1) {
      values.note(`value-number-${index}`)
      await clock.advance(1_000)
    }
    await clock.advance(hourMs - 50_000)
    expect(text('value-number-50 value-number-51')).toBe('value-number-50 ****')
    expect(values.size).toBe(49)
    await clock.advance(hourMs)
    expect(values.size).toBe(0)
    expect(clock.waiting).toBe(0)
  })

  it('keeps a value as long as it is told, for years too', async () => {
    const { clock, values, text } = start({ keepMs: 100 * 24 * hourMs })
    values.note(secret)
    await clock.advance(99 * 24 * hourMs)
    expect(text(secret)).toBe('****')
    await clock.advance(24 * hourMs)
    expect(text(secret)).toBe(secret)
    expect(() => createValueRegistry({ keepMs: Number.NaN })).toThrow(
      expect.objectContaining({ code: 'config_invalid' }),
    )
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

describe('a value that is JSON', () => {
  const password = 'k9!mQ2zR7w'
  const rds = JSON.stringify({
    engine: 'postgres',
    host: 'shop.c3x.eu-central-1.rds.amazonaws.com',
    username: 'shop_application',
    password,
    dbname: 'shop_production',
    port: 5432,
    dbInstanceIdentifier: 'shop-database',
    masterarn: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:master',
  })

  it('has its texts masked, but not what is documented as open in the secrets of AWS', () => {
    const { values, text } = start()
    values.note(rds)
    expect(text(password)).toBe('****')
    expect(text(rds)).toBe('****')
    for (const open of ['postgres', 'shop_application', 'shop_production', 'shop.c3x.eu-central-1.rds.amazonaws.com'])
      expect(text(`to ${open} now`)).toBe(`to ${open} now`)
  })

  it('has texts at any depth and long numbers masked', () => {
    const { values, text } = start()
    values.note(JSON.stringify({ a: [{ b: 'deep"value1' }], account: 918273645546, short: 1234, c: 'x', username: {} }))
    expect(text('deep"value1 918273645546 1234 x')).toBe('**** **** 1234 x')
  })

  it('keeps its texts as long as it stays, and those of others longer', async () => {
    const { clock, values, text } = start()
    values.hold(rds)
    values.hold(password)
    values.release(rds)
    await clock.advance(2 * hourMs)
    expect(text(password)).toBe('****')
    expect(values.size).toBe(1)
    values.release(password)
    await clock.advance(hourMs)
    expect(text(password)).toBe(password)
  })
})

describe('what is looked for', () => {
  const { values, text } = start()

  it.each([
    'short',
    '        ',
    '00000000',
    '********',
    'abababababab',
    '12345678',
    'production',
    'PostgreSQL',
    'eu-central-1',
    'localhost',
    'true',
    '',
  ])('is not %j', (value) => {
    values.hold(value)
    expect(text(`it is ${value}.`)).toBe(`it is ${value}.`)
    expect(values.size).toBe(0)
  })

  it('is a value without the blanks around it, as files have them', () => {
    values.hold(`${secret}\n`)
    expect(text(`it is ${secret}.`)).toBe('it is ****.')
  })

  it('is a line of a key by itself', () => {
    const line = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7'
    const { text: masked, values: registry } = start()
    registry.hold(`-----BEGIN THING-----\n${line}\nx${line}\n-----END THING-----\n`)
    expect(masked(`2026 ${line}`)).toBe('2026 ****')
    expect(masked('-----BEGIN THING-----')).toBe('-----BEGIN THING-----')
  })
})

describe('the memory of a registry', () => {
  it('stays flat over 10,000 rotations', async () => {
    const { clock, values, text } = start()
    let last = ''
    let most = 0
    for (let turn = 0; turn < 10_000; turn += 1) {
      const next = `rotated-${turn}-${(turn * 7_919).toString(36)}`
      values.hold(next)
      if (last !== '') values.release(last)
      last = next
      if (turn % 100 === 0) await clock.advance(hourMs / 4)
      most = Math.max(most, values.size)
    }
    expect(most).toBeLessThan(700)
    await clock.advance(hourMs)
    expect(values.size).toBe(1)
    expect(text(last)).toBe('****')
    expect(clock.waiting).toBe(0)
  })
})

describe('the registry of the process', () => {
  it('is one, also for another copy of this package', async () => {
    const path = './process-values.ts?copy'
    const copy = (await import(path)) as typeof import('./process-values.ts')
    expect(copy.processValues).not.toBe(processValues)
    expect(copy.processValues()).toBe(processValues())
  })

  it('is looked into by every masker that is not told otherwise', () => {
    const value = 'of-the-process-5f2e91'
    const { text } = createMasker()
    processValues().hold(value)
    expect(text(value)).toBe('****')
    expect(maskText(value)).toBe('****')
    expect(maskSecrets({ [value]: new Map([[1, value]]) })).toEqual({ '****': new Map([[1, '****']]) })
    expect(createMasker({ values: false }).text(value)).toBe(value)
    expect(createMasker({ values: createValueRegistry() }).text(value)).toBe(value)
  })

  it('has to be one of these registries where it is another', () => {
    const values = { note: () => {}, hold: () => {}, release: () => {}, size: 0 }
    expect(() => createMasker({ values })).toThrow(expect.objectContaining({ code: 'config_invalid' }))
  })
})
