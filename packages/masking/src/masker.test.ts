import { inspect } from 'node:util'
import { BytesValue, TextValue } from '@keyplane/core'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maskSecretsInDict } from './index.ts'
import { createMasker, maskSecrets } from './masker.ts'

const canary = 'canary-5f2e91'
const printed = (thing: unknown): string =>
  [JSON.stringify(thing) ?? '', inspect(thing, { depth: Infinity, maxArrayLength: null, maxStringLength: null })].join(
    '\n',
  )

describe('a copy of data', () => {
  it('shows a secret field as exactly ****, whatever its type', () => {
    const secrets = [
      'text',
      '',
      12,
      0,
      7n,
      true,
      Symbol('s'),
      {},
      ['a'],
      new Map(),
      Buffer.from('x'),
      () => 1,
      new Date(),
    ]
    for (const password of secrets) expect(maskSecrets({ password })).toEqual({ password: '****' })
  })

  it('leaves nothing where there is nothing', () => {
    expect(maskSecrets({ password: null, token: undefined })).toEqual({ password: null, token: undefined })
  })

  it('reaches nested objects, arrays, maps and sets', () => {
    expect(
      maskSecrets({ a: [{ b: new Map([['db', { password: canary }]]) }], s: new Set([{ token: canary }]) }),
    ).toEqual({
      a: [{ b: new Map([['db', { password: '****' }]]) }],
      s: new Set([{ token: '****' }]),
    })
    expect(
      maskSecrets(
        new Map<unknown, unknown>([
          ['api_key', canary],
          [1, 2],
        ]),
      ),
    ).toEqual(
      new Map<unknown, unknown>([
        ['api_key', '****'],
        [1, 2],
      ]),
    )
  })

  it('keeps cycles, and what is shared stays shared', () => {
    const shared = { token: canary }
    const data: Record<string, unknown> = { shared, again: shared, list: [] }
    data['self'] = data
    ;(data['list'] as unknown[]).push(data)
    const shown = maskSecrets(data)
    expect(shown['self']).toBe(shown)
    expect((shown['list'] as unknown[])[0]).toBe(shown)
    expect(shown['again']).toBe(shown['shared'])
    expect(shown['shared']).toEqual({ token: '****' })
  })

  it('masks the message, stack, cause and own properties of an error, which stays one of its class', () => {
    class Refused extends Error {
      password = canary
    }
    const cause = new AggregateError([new Error(`token=${canary}`)], `postgres://u:${canary}@h`)
    const error = new Refused(`login with password=${canary} failed`, { cause })
    const shown = maskSecrets({ error }).error
    expect(shown).toBeInstanceOf(Refused)
    expect(shown.message).toBe('login with password=**** failed')
    expect(shown.password).toBe('****')
    expect((shown.cause as Error).message).toBe('postgres://u:****@h')
    expect(shown.stack).toContain('masker.test.ts')
    expect(`${printed(shown)}${String(shown.stack)}`).not.toContain(canary)
    expect(error.message).toContain(canary)
  })

  it('shows an error whose message comes from a getter', () => {
    const shown = maskSecrets(new DOMException(`token=${canary}`, 'AbortError'))
    expect([shown.name, shown.message]).toEqual(['AbortError', 'token=****'])
    expect(printed(shown)).not.toContain(canary)
  })

  it('masks text in bytes and keeps other bytes', () => {
    const binary = Buffer.from([0xff, 0xfe, 0])
    const shown = maskSecrets({
      body: Buffer.from(`password=${canary}`),
      view: new TextEncoder().encode('plain'),
      binary,
    })
    expect(shown.body.toString()).toBe('password=****')
    expect(Buffer.isBuffer(shown.body)).toBe(true)
    expect(shown.view).toEqual(new TextEncoder().encode('plain'))
    expect(shown.binary).toEqual(binary)
  })

  it('masks the passwords of URLs, as texts and as objects, and in keys', () => {
    const url = new URL(`https://app:${canary}@db/x?token=${canary}`)
    const shown = maskSecrets({ url, text: url.href, [url.href]: 1 })
    expect(shown.url).toBeInstanceOf(URL)
    expect(shown.url.href).toBe('https://app:****@db/x?token=****')
    expect(shown.text).toBe('https://app:****@db/x?token=****')
    expect(printed(shown)).not.toContain(canary)
    expect(url.password).toBe(canary)
  })

  it('reads headers, search parameters and forms', () => {
    const form = new FormData()
    form.set('password', canary)
    const shown = maskSecrets({
      headers: new Headers({ Authorization: `Bearer ${canary}`, Accept: '*/*' }),
      query: new URLSearchParams({ token: canary, page: '2' }),
      form,
    })
    expect(shown).toEqual({
      headers: { authorization: '****', accept: '*/*' },
      query: { token: '****', page: '2' },
      form: { password: '****' },
    })
  })

  it("leaves Keyplane's own values to hide themselves", () => {
    const text = new TextValue(canary)
    const shown = maskSecrets({ text, bytes: new BytesValue(Buffer.from(canary)), password: text })
    expect(shown.text).toBe(text)
    expect(JSON.stringify(shown)).toBe('{"text":"[secret]","bytes":"[secret]","password":"****"}')
  })

  it('keeps classes, and shows an object with toJSON as that gives it', () => {
    class User {
      name = 'ann'
      password = canary
    }
    class Money {
      readonly #amount = 5
      toJSON = () => ({ amount: this.#amount, token: canary })
    }
    class Shy {
      readonly #token = canary
      readonly public = 1;
      [inspect.custom]() {
        return this.#token
      }
    }
    const shown = maskSecrets({ user: new User(), money: new Money(), shy: new Shy(), when: new Date(0) })
    expect(inspect(shown.user)).toBe("User { name: 'ann', password: '****' }")
    expect(shown.money).toEqual({ amount: 5, token: '****' })
    expect(printed(shown)).not.toContain(canary)
    expect(shown.when).toEqual(new Date(0))
  })

  it('survives getters that throw, proxies that refuse and objects without a prototype', () => {
    const revoked = Proxy.revocable({}, {})
    revoked.revoke()
    const refusing = new Proxy(
      { a: 1 },
      {
        getOwnPropertyDescriptor: () => {
          throw new Error(canary)
        },
      },
    )
    let read = false
    const data = {
      get bad(): string {
        throw new Error(canary)
      },
      get token() {
        read = true
        return canary
      },
      gone: revoked.proxy,
      refusing,
      bare: Object.assign(Object.create(null) as object, { password: canary }),
      toJSONThrows: {
        toJSON: () => {
          throw new Error(canary)
        },
      },
      endless: {
        toJSON() {
          return this
        },
        token: canary,
      },
    }
    const shown = maskSecrets(data)
    expect(shown).toMatchObject({
      bad: '[unreadable]',
      token: '****',
      gone: '[unreadable]',
      toJSONThrows: '[unreadable]',
    })
    expect(shown.bare).toEqual({ password: '****' })
    expect(Object.getPrototypeOf(shown.bare)).toBeNull()
    expect(read).toBe(false)
    expect(printed(shown)).not.toContain(canary)
  })

  it('goes as deep as the data', () => {
    let data: Record<string, unknown> = { password: canary }
    for (let depth = 0; depth < 200_000; depth++) data = { inner: data }
    let shown = maskSecrets(data)
    while (shown['inner']) shown = shown['inner'] as Record<string, unknown>
    expect(shown).toEqual({ password: '****' })
  })

  it('takes a list of a name and a text in a list for a field', () => {
    const headers = [
      ['x-api-key', canary],
      ['accept', '*/*'],
    ]
    expect(maskSecrets({ headers })).toEqual({
      headers: [
        ['x-api-key', '****'],
        ['accept', '*/*'],
      ],
    })
    const names = { required: ['password', 'email'], either: [['password', 'token']] }
    expect(maskSecrets(names)).toEqual(names)
  })

  it('takes large arrays and arrays with holes', () => {
    const large = Array.from({ length: 300_000 }, (_, index) => index)
    expect(maskSecrets(large)).toEqual(large)
    const sparse: unknown[] = []
    sparse[4_000_000_000] = { token: canary }
    const shown = maskSecrets(sparse)
    expect(shown.length).toBe(4_000_000_001)
    expect(shown[4_000_000_000]).toEqual({ token: '****' })
  })

  it('does not follow an object that makes new objects without end', () => {
    const endless = (): object => ({
      get next() {
        return endless()
      },
    })
    expect(maskSecrets(endless())).toBeDefined()
  })

  it('hides what a function carries', () => {
    const act = Object.assign(() => 1, { token: canary })
    expect(printed(maskSecrets({ act, plain: maskSecrets }))).not.toContain(canary)
  })

  it('takes a bare value', () => {
    expect(maskSecrets(`password=${canary}`)).toBe('password=****')
    expect([maskSecrets(1), maskSecrets(null), maskSecrets(undefined)]).toEqual([1, null, undefined])
  })

  it("adds the caller's keys to the built-in ones", () => {
    expect(maskSecrets({ ssn: 1, password: 2, name: 3 }, ['ssn'])).toEqual({ ssn: '****', password: '****', name: 3 })
    expect(maskSecretsInDict({ iban: 'x' }, ['IBAN'])).toEqual({ iban: '****' })
    expect(createMasker({ keys: ['ssn'] }).data({ ssn: 1 })).toEqual({ ssn: '****' })
  })

  it('leaves no way to set a prototype', () => {
    const shown = maskSecrets(JSON.parse('{"__proto__":{"polluted":1},"a":1}') as object)
    expect(Object.hasOwn(shown, '__proto__')).toBe(true)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})

const secretKey = fc.constantFrom('password', 'API_KEY', 'x-auth-token', 'clientSecret', 'Set-Cookie', 'private.key')
const openKey = fc.constantFrom('user', 'name', 'list', 'tokenCount', 'secretName', 'é', '0', 'a b')
const openValue = fc.oneof(
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom('ann', 'a b c', '12:30', 'é', ''),
)
const holder = (inner: unknown, shape: number, key: string): unknown =>
  [
    { [key]: inner, other: 1 },
    [1, inner],
    new Map([[key, inner]]),
    new Set([inner]),
    Object.assign(new Error('e'), { [key]: inner }),
    new Error('e', { cause: inner }),
  ][shape]

describe('for any data', () => {
  const tree = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      openValue,
      fc.dictionary(fc.oneof(openKey, secretKey), tie('tree')),
      fc.array(tie('tree')),
    ),
  })).tree

  it('never changes what it is given', () => {
    fc.assert(
      fc.property(tree, (data) => {
        const before = structuredClone(data)
        maskSecrets(data)
        expect(data).toEqual(before)
      }),
    )
  })

  it('lets no value under a secret key through, however deep and in whatever it lies', () => {
    const path = fc.array(fc.tuple(fc.nat(5), openKey), { maxLength: 8 })
    const form = fc.constantFrom<unknown>(
      canary,
      [canary],
      { a: { b: canary } },
      new Map([['a', canary]]),
      new Error(canary),
      Buffer.from(canary),
    )
    fc.assert(
      fc.property(path, secretKey, form, (steps, key, secret) => {
        const data = steps.reduce<unknown>((inner, [shape, name]) => holder(inner, shape, name), { [key]: secret })
        const shown = printed(maskSecrets(data))
        expect(shown).not.toContain(canary)
        expect(shown).not.toContain(
          Buffer.from(canary)
            .toString('hex')
            .replace(/..(?=.)/g, '$& '),
        )
      }),
    )
  })

  it('keeps every value under keys that are not secret', () => {
    const open = fc.letrec<{ open: unknown }>((tie) => ({
      open: fc.oneof({ maxDepth: 5 }, openValue, fc.dictionary(openKey, tie('open')), fc.array(tie('open'))),
    })).open
    fc.assert(
      fc.property(open, (data) => {
        expect(maskSecrets(data)).toEqual(data)
      }),
    )
  })
})
