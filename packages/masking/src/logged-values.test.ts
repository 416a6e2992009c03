import { Writable } from 'node:stream'
import { fastify } from 'fastify'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { createLogger, format, transports } from 'winston'
import { maskConsole } from './console.ts'
import { maskingFastify } from './fastify.ts'
import { withLogContext } from './log-context.ts'
import { maskingHook } from './pino.ts'
import { createValueRegistry } from './values/value-registry.ts'
import { maskingFormat } from './winston.ts'

/** Holds what JSON, URLs and shells escape. */
const canary = `c4n4ry "T7'\\x!/é&\nend`
const traces = ['T7', 'c4n4ry', 'VDcn', Buffer.from(canary).toString('hex').slice(4, 20)]
const values = createValueRegistry()
values.hold(canary)
values.hold('918273645546')

const shown = (text: string): string[] => traces.filter((trace) => text.includes(trace))

const failure = () =>
  Object.assign(new Error(`at ${canary}`, { cause: new Error(canary, { cause: { inner: canary } }) }), {
    field: canary,
    errors: [new Error(`x${canary}`)],
  })

class Account {
  readonly owner = canary
  readonly nested = { deep: [canary, { [canary]: 1 }] }
}

type Ways = Record<string, (log: pino.Logger) => void>

const places: Ways = {
  'a message': (log) => log.info(`it is ${canary}`),
  'an object': (log) => log.info({ a: canary, b: { c: [canary] } }, canary),
  'a key': (log) => log.info({ [canary]: 1, nested: { [`x ${canary}`]: 2 } }),
  'a class': (log) => log.info(new Account()),
  'format arguments': (log) => log.info('%s %o %O %j %s', canary, { a: canary }, [canary], { b: canary }, canary),
  'an error': (log) => log.error(failure()),
  'an error in err': (log) => log.error({ err: failure(), other: failure() }, canary),
  'an aggregate error': (log) => log.error(new AggregateError([failure(), canary], canary)),
  'the bindings of a child': (log) =>
    log
      .child({ a: canary })
      .child({ b: { c: canary } })
      .info('x'),
  'the prefix of a child': (log) => log.child({}, { msgPrefix: `[${canary}] ` }).info('x'),
  'a serializer': (log) => log.child({}, { serializers: { a: () => canary } }).info({ a: 1 }),
  'a map, a set, bytes': (log) =>
    log.info({ map: new Map([[canary, canary]]), set: new Set([canary]), bytes: Buffer.from(`x${canary}`) }),
  'an array of bytes': (log) => log.info({ bytes: new TextEncoder().encode(canary) }),
  'a map as an argument': (log) => log.info('%o', new Map([[canary, { a: canary }]])),
  'JSON in a text': (log) => log.info({ body: JSON.stringify({ a: JSON.stringify({ b: canary }) }) }),
  'an URL': (log) => log.info({ url: `/?q=${encodeURIComponent(canary)}&${new URLSearchParams({ q: canary })}` }),
  base64: (log) => log.info(`Digest ${Buffer.from(`ada:${canary}`).toString('base64')}`),
  hex: (log) => log.info(Buffer.from(canary).toString('hex')),
  toJSON: (log) => log.info({ a: { toJSON: () => ({ b: canary }) } }),
  context: (log) => withLogContext({ a: canary }, () => log.info('x')),
}

describe('a registered value is not shown', () => {
  it.each(Object.entries(places))('by pino, in %s', (_, write) => {
    const written: string[] = []
    write(pino({ level: 'trace', ...maskingHook({ values }) }, { write: (line: string) => written.push(line) }))
    expect(written).toHaveLength(1)
    const text = written.join('')
    expect(() => JSON.parse(text) as unknown).not.toThrow()
    expect(shown(text)).toEqual([])
    expect(text).not.toContain(JSON.stringify([...Buffer.from('T7')]).slice(1, -1))
  })

  it('by pino, where it is a number', () => {
    const written: string[] = []
    const log = pino(maskingHook({ values }), { write: (line: string) => written.push(line) })
    log.info({ account: 918_273_645_546, list: [918_273_645_546], other: 5 })
    expect(JSON.parse(written.join(''))).toMatchObject({ account: '****', list: ['****'], other: 5 })
  })

  it('by winston', () => {
    let text = ''
    const stream = new Writable({
      write: (chunk: Buffer, _, done) => {
        text += chunk.toString()
        done()
      },
    })
    for (const inner of [format.json(), format.combine(format.splat(), format.simple())]) {
      const log = createLogger({
        format: maskingFormat(inner, { values }),
        transports: [new transports.Stream({ stream })],
      })
      log.info(canary, { a: canary, b: { c: [canary] }, n: 918_273_645_546 })
      log.error('failed %s', canary, { error: failure() })
      log.child({ bound: canary }).warn(failure())
    }
    expect(text).toContain('****')
    expect(shown(text)).toEqual([])
    expect(text).not.toContain('918273645546')
  })

  it("by Fastify's logger", async () => {
    let text = ''
    const stream = { write: (line: string) => (text += line) }
    const app = fastify({ logger: maskingFastify({ values, pino: { stream, level: 'trace' } }) })
    app.get('/', (request) => {
      request.log.info({ a: canary }, `it is ${canary}`)
      throw failure()
    })
    await app.inject({
      url: `/?q=${encodeURIComponent(canary)}`,
      headers: { 'x-thing': Buffer.from(canary).toString('hex') },
    })
    await app.close()
    expect(text).toContain('****')
    expect(shown(text)).toEqual([])
  })

  it('by the console', () => {
    let text = ''
    const print = (...parts: readonly unknown[]): void => {
      text += parts.join(' ')
    }
    const log = maskConsole({ log: print, error: print, table: print, dir: print }, { values })
    log.log('it is', canary, { a: canary, b: [canary] }, new Map([[canary, canary]]), 918_273_645_546)
    log.error(failure())
    log.log('%s %j', canary, { a: canary })
    expect(text).toContain('****')
    expect(shown(text)).toEqual([])
    expect(text).not.toContain('918273645546')
  })
})
