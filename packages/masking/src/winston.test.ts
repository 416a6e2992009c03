import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import winston from 'winston'
import { withLogContext } from './log-context.ts'
import { maskingFormat } from './winston.ts'

const canary = 'canary-5f2e91'
const { combine, errors, json, printf, simple, splat, timestamp } = winston.format

/** A real winston that writes into memory. */
const start = (format: winston.Logform.Format, own?: winston.Logform.Format) => {
  const written: string[] = []
  const stream = new Writable({
    write: (chunk: Buffer, _, done) => {
      written.push(chunk.toString())
      done()
    },
  })
  const transport = new winston.transports.Stream(own ? { stream, format: own } : { stream })
  const log = winston.createLogger({
    level: 'silly',
    format: maskingFormat(format),
    transports: [transport],
  })
  return { log, written, line: () => JSON.parse(written[0] ?? '') as Record<string, unknown> }
}

describe('a winston with the masking format', () => {
  const ways: Record<string, (log: winston.Logger) => void> = {
    'a message': (log) => log.info(`postgres://app:${canary}@db`),
    'a message and fields': (log) => log.warn('x', { password: canary, user: { token: canary } }),
    'format arguments': (log) => log.info('password=%s and %j', canary, { apiKey: canary }),
    'format arguments and fields': (log) => log.info('token: %s', canary, { secret: canary }),
    'arguments without a format': (log) => log.info('x', { cookie: canary }, `password=${canary}`),
    'one object': (log) => log.log({ level: 'info', message: 'x', credentials: { a: canary } }),
    'an error': (log) => log.error(Object.assign(new Error(`password=${canary}`), { token: canary })),
    'an error as a field': (log) => log.error('x', { err: new Error(`token=${canary}`) }),
    'an error as the message': (log) =>
      log.log({ level: 'error', message: new Error(`token=${canary}`) as unknown as string }),
    'a child': (log) => log.child({ token: canary }).info('x'),
    'default fields': (log) => {
      log.defaultMeta = { secret: canary }
      log.info('x')
    },
    context: (log) => withLogContext({ token: canary }, () => log.info('x')),
  }
  const formats = {
    json: json(),
    'all at once': combine(errors({ stack: true }), splat(), timestamp(), json()),
    simple: combine(splat(), simple()),
    printf: combine(
      splat(),
      printf((info) => `${String(info.message)} ${JSON.stringify(info)} ${String(info['token'])}`),
    ),
  }

  describe.each(Object.entries(formats))('in the format %s', (_, format) => {
    it.each(Object.entries(ways))('masks %s', (__, write) => {
      const { log, written } = start(format)
      write(log)
      expect(written).toHaveLength(1)
      expect(written[0]).not.toContain(canary)
    })
  })

  it("masks for a transport's own format too", () => {
    const { log, written } = start(
      splat(),
      printf((info) => `${String(info.message)} ${String(info['token'])}`),
    )
    log.info('password=%s', canary, { token: canary })
    expect(written[0]?.trim()).toBe('password=**** ****')
  })

  it('keeps what is not secret, and the arguments of the message', () => {
    const { log, line } = start(combine(splat(), json()))
    withLogContext({ requestId: 'r1' }, () => log.info('user %s has %d', 'ann', 3, { list: [1], password: canary }))
    expect(line()).toEqual({ level: 'info', message: 'user ann has 3', list: [1], password: '****', requestId: 'r1' })
  })

  it('lets a format drop the line', () => {
    const { log, written } = start(winston.format(() => false)())
    log.info('x')
    expect(written).toEqual([])
  })
})
