import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { withLogContext } from './log-context.ts'
import { maskingHook, type MaskingHookOptions } from './pino.ts'

const canary = 'canary-5f2e91'

/** A real pino that writes into memory; `lines` parses what it wrote. */
const start = (options: MaskingHookOptions<pino.LoggerOptions> = {}) => {
  const written: string[] = []
  const log = pino({ level: 'trace', ...maskingHook(options) }, { write: (line: string) => written.push(line) })
  return { log, written, lines: () => written.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

const causes = () =>
  new Error(`password=${canary}`, { cause: Object.assign(new Error(`token: ${canary}`), { apiKey: canary }) })

describe('a pino with the masking hook', () => {
  const ways: Record<string, (log: pino.Logger) => void> = {
    'an object': (log) => log.info({ password: canary, user: { api_key: canary, list: [{ token: canary }] } }),
    'an object and a message': (log) => log.warn({ cookie: canary }, `postgres://app:${canary}@db/x`),
    'a message': (log) => log.error(`login password=${canary}`),
    'format arguments': (log) => log.info('password=%s token=%o %j', canary, canary, { secret: canary }),
    'objects as format arguments': (log) =>
      log.info('%o and %O and %j', { password: canary }, { a: { token: canary } }, { pwd: canary }),
    'an object before a format': (log) => log.info({ secret: canary }, 'key=%d token=%s', 1, canary),
    'an error': (log) => log.error(causes()),
    'an error in err': (log) => log.error({ err: causes() }, 'failed'),
    'an error in another field': (log) => log.error({ error: causes(), nested: { inner: causes() } }),
    'an aggregate error': (log) => log.error(new AggregateError([causes()], `token=${canary}`)),
    'a child': (log) => log.child({ token: canary, db: `redis://:${canary}@h` }).info('x'),
    "a child's child": (log) =>
      log
        .child({ a: 1 })
        .child({ credentials: { user: canary } })
        .info('x'),
    'bindings set later': (log) => {
      const child = log.child({})
      child.setBindings({ password: canary })
      child.info('x')
    },
    "a child's serializer": (log) =>
      log.child({}, { serializers: { user: () => ({ password: canary }) } }).info({ user: 1 }),
    "a child's formatter": (log) => log.child({}, { formatters: { log: () => ({ secret: canary }) } }).info({}),
    "a child's prefix": (log) => log.child({}, { msgPrefix: `[token=${canary}] ` }).info('x'),
    bytes: (log) =>
      log.info({ body: Buffer.from(`password=${canary}`), view: new TextEncoder().encode(`token=${canary}`) }),
    'a request': (log) =>
      log.info({
        method: 'GET',
        url: `/?token=${canary}`,
        headers: { authorization: `Bearer ${canary}`, 'set-cookie': [canary] },
        socket: {},
      }),
    'something with toJSON': (log) => log.info({ user: { toJSON: () => ({ password: canary }) } }),
    context: (log) => withLogContext({ token: canary }, () => log.info('x')),
    'numbers and booleans': (log) => log.info({ password: true, pwd: 5 }),
  }

  it.each(Object.entries(ways))('masks %s', (_, write) => {
    const { log, written, lines } = start()
    write(log)
    expect(written).toHaveLength(1)
    expect(lines()).toHaveLength(1)
    const bytes = JSON.stringify([...Buffer.from(canary)]).slice(1, -1)
    expect(written[0]).not.toContain(canary)
    expect(written[0]).not.toContain(bytes)
    expect(written[0]).toMatch(/\*\*\*\*|42,42,42,42|"error":\{/)
  })

  it('masks a field as exactly **** and keeps the others', () => {
    const { log, lines } = start({ keys: ['ssn'] })
    log.child({ service: 'api' }).info({ password: canary, ssn: 1, tokenCount: 3, list: [1, null] }, 'hello')
    expect(lines()[0]).toMatchObject({
      service: 'api',
      password: '****',
      ssn: '****',
      tokenCount: 3,
      list: [1, null],
      msg: 'hello',
      level: 30,
    })
  })

  it('joins the context, the inner over the outer, across awaits', async () => {
    const { log, lines } = start()
    await withLogContext({ requestId: 'r1', tenant: 'a' }, async () => {
      await Promise.resolve()
      withLogContext({ tenant: 'b' }, () => log.info({ extra: 1 }, 'inner'))
      log.info({ requestId: 'own' }, 'outer')
    })
    log.info('outside')
    expect(lines()[0]).toMatchObject({ requestId: 'r1', tenant: 'b', extra: 1 })
    expect(lines()[1]).toMatchObject({ requestId: 'own', tenant: 'a' })
    expect(lines()[2]).not.toHaveProperty('requestId')
  })

  it("lets the user's own mixin, hooks, serializers and formatters work, and masks what they give", () => {
    const { log, written, lines } = start({
      pino: {
        base: null,
        mixin: () => ({ token: canary, fromMixin: 1 }),
        hooks: {
          logMethod(args, method) {
            Reflect.apply(method, this, [{ secret: canary, fromHook: 1 }, ...args])
          },
          streamWrite: (line) => line.replace('"msg":"x"', `"msg":"password=${canary}"`),
        },
        serializers: { user: () => ({ password: canary, fromSerializer: 1 }) },
        formatters: {
          log: (fields) => ({ ...fields, apiKey: canary, fromFormatter: 1 }),
          level: (label) => ({ level: label }),
        },
      },
    })
    log.info('x')
    log.child({ user: 1 }).info('y')
    expect(lines()[0]).toMatchObject({
      fromMixin: 1,
      fromHook: 1,
      fromFormatter: 1,
      msg: 'password=****',
      level: 'info',
    })
    expect(lines()[1]).toMatchObject({ user: { password: '****', fromSerializer: 1 } })
    expect(written.join('')).not.toContain(canary)
  })

  it("lets the user's own way to merge work, within the hook and after it", () => {
    const mixinMergeStrategy = (fields: object, mixed: object): object => Object.assign(mixed, { ...fields, merged: 1 })
    const within = start({ pino: { mixinMergeStrategy, mixin: () => ({ a: 1 }) } })
    withLogContext({ b: 2 }, () => within.log.info({ c: 3 }))
    expect(within.lines()[0]).toMatchObject({ a: 1, b: 2, c: 3, merged: 1 })
    const written: string[] = []
    const after = pino({ ...maskingHook(), mixinMergeStrategy }, { write: (line: string) => written.push(line) })
    after.info({ c: 3, token: canary })
    withLogContext({ b: 2 }, () => after.info('x'))
    expect(written.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { c: 3, merged: 1, token: '****' },
      { b: 2, merged: 1 },
    ])
  })

  it('masks a line that is not JSON', () => {
    const { log, written } = start({ pino: { hooks: { streamWrite: () => `INFO password=${canary}\n` } } })
    log.info('x')
    expect(written).toEqual(['INFO password=****\n'])
  })

  it('changes nothing of what is logged', () => {
    const data = { password: canary, err: causes() }
    start().log.info(data)
    expect(data.password).toBe(canary)
    expect(data.err.message).toContain(canary)
  })

  it('refuses a pino that would not let it see the line', () => {
    const { mixin } = maskingHook()
    expect(() => mixin({}, 30, { version: '9.5.0' })).toThrow(expect.objectContaining({ code: 'config_invalid' }))
    expect(() => maskingHook().mixin({}, 30, {})).toThrow(expect.objectContaining({ code: 'config_invalid' }))
    expect(maskingHook().mixin({}, 30, { version: '9.6.0' })).toEqual({})
  })
})
