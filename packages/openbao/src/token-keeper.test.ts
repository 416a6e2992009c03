import { SecretsError, systemRandom } from '@keyplane/core'
import { type FakeClock, fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { OpenBaoAnswer } from './answer.ts'
import { GrantedToken, type LoginRequest, type Login } from './login.ts'
import { fingerprintOf } from './logins/credential.ts'
import { TokenKeeper } from './token-keeper.ts'

type Reply = object | SecretsError | Promise<never>

const failure = (code: ConstructorParameters<typeof SecretsError>[0], reason?: string): SecretsError =>
  new SecretsError(code, `canned ${code}`, reason === undefined ? {} : { reason })
const dead = failure('unauthenticated', 'invalid_token')
const answer = (body: object): OpenBaoAnswer =>
  new OpenBaoAnswer({ status: 200, headers: {}, body: new TextEncoder().encode(JSON.stringify(body)) }, 0)

/** A keeper whose logins and questions are answered from here. */
interface StartOptions {
  readonly method?: Login['method']
  readonly ttlMs?: number | undefined
  readonly renewable?: boolean
  readonly clock?: FakeClock
  readonly places?: readonly string[]
  readonly role?: string
}

const start = (options: StartOptions = {}) => {
  const { method = 'approle', renewable = true, clock = fakeClock(), places = ['https://bao '], role = 'app' } = options
  const ttlMs = 'ttlMs' in options ? options.ttlMs : 600_000
  const state = {
    clock,
    credentials: 'first',
    logins: 0,
    asked: [] as string[],
    login: undefined as SecretsError | undefined,
    reply: ((): Reply => ({ auth: { lease_duration: (ttlMs ?? 0) / 1_000 } })) as (request: LoginRequest) => Reply,
  }
  const login: Login = {
    method,
    present: async () => ({
      fingerprint: fingerprintOf(state.credentials),
      role,
      grant: async () => {
        state.logins += 1
        if (state.login) throw state.login
        return new GrantedToken(`token-canary-${state.logins}`, { ttlMs, renewable })
      },
    }),
  }
  const ask = async (request: LoginRequest): Promise<OpenBaoAnswer> => {
    state.asked.push(request.path)
    const reply = await state.reply(request)
    if (reply instanceof SecretsError) throw reply
    return answer(reply)
  }
  const random = { ...systemRandom, unit: () => 0.5 }
  const keeper = new TokenKeeper({ login, ask, clock, random, source: 'openbao', places })
  return Object.assign(state, { keeper })
}

const failing = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'it did not fail',
    (error: unknown) => error,
  )

describe('a token that is kept', () => {
  it('is got once, at the first use, by however many', async () => {
    const it = start()
    expect(it.logins).toBe(0)
    const tokens = await Promise.all(Array.from({ length: 50 }, () => it.keeper.token()))
    expect([it.logins, new Set(tokens).size]).toEqual([1, 1])
  })

  it('is renewed at two thirds of its life, again and again', async () => {
    const it = start()
    const token = await it.keeper.token()
    await it.clock.advance(399_000)
    expect(it.asked).toEqual([])
    await it.clock.advance(2_000)
    expect(it.asked).toEqual(['auth/token/renew-self'])
    await it.clock.advance(3_600_000)
    expect(it.asked).toHaveLength(10)
    expect(await it.keeper.token()).toBe(token)
    expect(it.logins).toBe(1)
  })

  it('outlives a server that is down for minutes', async () => {
    const it = start()
    const token = await it.keeper.token()
    it.reply = () => failure('unavailable', 'refused')
    await it.clock.advance(580_000)
    expect(await it.keeper.token()).toBe(token)
    expect(it.asked.length).toBeGreaterThan(3)
    expect(it.logins).toBe(1)
    it.reply = () => ({ auth: { lease_duration: 600 } })
    await it.clock.advance(15_000)
    await it.clock.advance(300_000)
    expect(await it.keeper.token()).toBe(token)
  })

  it('is replaced by a login once its life is over', async () => {
    const it = start()
    const token = await it.keeper.token()
    it.reply = () => failure('unavailable')
    await it.clock.advance(600_000)
    expect(await it.keeper.token()).not.toBe(token)
    expect(it.logins).toBe(2)
  })

  it('that can not be renewed is replaced before its end, while the old one serves', async () => {
    const it = start({ renewable: false })
    const token = await it.keeper.token()
    await it.clock.advance(401_000)
    expect(it.logins).toBe(1)
    expect(await it.keeper.token()).toBe(token)
    await it.clock.advance(0)
    expect(it.logins).toBe(2)
    expect(await it.keeper.token()).not.toBe(token)
    expect(it.asked).toEqual([])
  })

  it('that can not be replaced yet serves on, and is not tried to be replaced at every use', async () => {
    const it = start({ renewable: false })
    const token = await it.keeper.token()
    await it.clock.advance(420_000)
    it.login = failure('unavailable', 'no_leader')
    for (let second = 0; second < 100; second += 1) {
      expect(await it.keeper.token()).toBe(token)
      await it.clock.advance(1_000)
    }
    expect(it.logins).toBe(1 + 20)
  })

  it('near its end makes way at once for what has to last, if another one is to be had', async () => {
    for (const refused of [undefined, failure('unavailable')]) {
      const it = start({ renewable: false })
      const token = await it.keeper.lastingToken()
      await it.clock.advance(300_000)
      expect(await it.keeper.lastingToken()).toBe(token)
      await it.clock.advance(121_000)
      it.login = refused
      expect((await it.keeper.lastingToken()) === token).toBe(refused !== undefined)
    }
  })

  it('at its longest life is replaced by a login', async () => {
    const it = start()
    const token = await it.keeper.token()
    it.reply = () => ({ auth: { lease_duration: 200 } })
    await it.clock.advance(401_000)
    expect(await it.keeper.token()).toBe(token)
    await it.clock.advance(140_000)
    await it.keeper.token()
    await it.clock.advance(0)
    expect(it.logins).toBe(2)
  })

  it('without an end has no timer', async () => {
    const it = start({ ttlMs: undefined })
    await it.keeper.token()
    expect(it.clock.waiting).toBe(0)
  })

  it('shows itself to nobody', async () => {
    const it = start()
    const token = await it.keeper.token()
    const { inspect } = await import('node:util')
    for (const thing of [token, it.keeper])
      expect(`${inspect(thing, { depth: 9, showHidden: true })}${JSON.stringify(thing)}`).not.toContain('canary')
  })
})

describe('a token that is refused', () => {
  const proven = async (options?: Parameters<typeof start>[0]) => {
    const it = start(options)
    const token = await it.keeper.token()
    it.keeper.taken(token)
    return Object.assign(it, { token })
  }

  it('is asked about once and replaced by one login, by however many', async () => {
    const it = await proven()
    it.reply = () => dead
    const others = await Promise.all(Array.from({ length: 50 }, () => it.keeper.other(it.token, dead)))
    expect([it.asked, it.logins, new Set(others).size]).toEqual([['auth/token/lookup-self'], 2, 1])
  })

  it('and was replaced meanwhile needs no login', async () => {
    const it = await proven()
    it.reply = () => dead
    const other = await it.keeper.other(it.token, dead)
    expect(await it.keeper.other(it.token, dead)).toBe(other)
    expect(it.logins).toBe(2)
  })

  it.each([
    ['alive', () => ({ data: {} })],
    ['alive, though it may not look at itself', () => failure('access_denied', 'policy')],
  ])('but %s is kept: another would be refused as well', async (_what, reply) => {
    const it = await proven()
    it.reply = reply
    expect(await failing(it.keeper.other(it.token, dead))).toMatchObject({ code: 'access_denied' })
    expect([it.logins, await it.keeper.token()]).toEqual([1, it.token])
  })

  it.each([
    ['unavailable', 'refused'],
    ['access_denied', 'proxy'],
    ['unauthenticated', 'proxy'],
  ] as const)('while nobody can tell for %s (%s) is kept', async (code, reason) => {
    const it = await proven()
    it.reply = () => failure(code, reason)
    expect(await failing(it.keeper.other(it.token, dead))).toMatchObject({ code, reason })
    expect([it.logins, await it.keeper.token()]).toEqual([1, it.token])
  })

  it('just after its login is not followed by login after login', async () => {
    const it = start()
    const token = await it.keeper.token()
    expect(await failing(it.keeper.other(token, dead))).toBe(dead)
    expect([it.logins, it.asked]).toEqual([1, []])
  })

  it('and was given, not asked for, is not shown again for a while', async () => {
    const it = await proven({ method: 'token' })
    it.reply = () => dead
    expect(await failing(it.keeper.other(it.token, dead))).toMatchObject({ code: 'unauthenticated' })
    expect(await failing(it.keeper.token())).toMatchObject({ code: 'unauthenticated', reason: 'invalid_token' })
    expect(it.logins).toBe(1)
    it.credentials = 'second'
    await it.keeper.token()
    expect(it.logins).toBe(2)
  })
})

describe('a login that is refused', () => {
  const refused = failure('unauthenticated', 'login_refused')

  it('by AppRole is tried twice, then not until OpenBao has forgotten it, however often it is wanted', async () => {
    const it = start()
    it.login = refused
    const at: number[] = []
    for (let second = 0; second < 2_100; second += 1) {
      const before = it.logins
      expect(await failing(it.keeper.token())).toMatchObject({ code: 'unauthenticated', reason: 'login_refused' })
      if (it.logins > before) at.push(second)
      await it.clock.advance(1_000)
    }
    // OpenBao's count goes on until there was no refusal for 15 minutes.
    expect(at).toEqual([0, 60, 1_020, 1_080, 2_040])
  })

  it('is tried again at once after refresh()', async () => {
    const it = start()
    it.login = refused
    await failing(it.keeper.token())
    await failing(it.keeper.token())
    it.keeper.forget()
    it.login = undefined
    await it.keeper.token()
    expect(it.logins).toBe(2)
  })

  it('is tried again at once with other credentials, but never five times: that would lock the role', async () => {
    const it = start()
    it.login = refused
    for (const credentials of ['1', '2', '3', '4', '5', '6']) {
      it.credentials = credentials
      expect(await failing(it.keeper.token())).toMatchObject({ code: 'unauthenticated' })
    }
    expect(it.logins).toBe(4)
  })

  it('by AppRole is counted for all of the process, by node and role', async () => {
    const clock = fakeClock()
    const keepers = [['a ', 'b '], ['b '], ['b ', 'c ']].map((places) => start({ clock, places }))
    for (let half = 0; half < 20; half += 1) {
      for (const it of keepers) {
        it.login = refused
        expect(await failing(it.keeper.token())).toMatchObject({ code: 'unauthenticated' })
      }
      await clock.advance(30_000)
    }
    expect(keepers.map(({ logins }) => logins)).toEqual([2, 0, 0])
    for (const other of [start({ clock, places: ['d '] }), start({ clock, places: ['b '], role: 'other' })]) {
      await other.keeper.token()
      expect(other.logins).toBe(1)
    }
  })

  it('by AppRole is not begun beside another that may be refused', async () => {
    const clock = fakeClock()
    const keepers = Array.from({ length: 20 }, (_, index) => {
      const it = Object.assign(start({ clock }), { login: refused })
      it.credentials = String(index)
      return it
    })
    await Promise.all(keepers.map(({ keeper }) => failing(keeper.token())))
    expect(keepers.reduce((sum, { logins }) => sum + logins, 0)).toBe(4)
  })

  it('by AppRole is tried again through refresh() once in 15 minutes, whoever calls it', async () => {
    const clock = fakeClock()
    const keepers = [start({ clock }), start({ clock })]
    for (let round = 0; round < 6; round += 1)
      for (const it of keepers) {
        it.login = refused
        await failing(it.keeper.token())
        it.keeper.forget()
        await it.keeper.close()
      }
    expect(keepers.reduce((sum, { logins }) => sum + logins, 0)).toBe(2)
  })

  it('by AppRole is forgotten once another is taken', async () => {
    const it = start()
    it.login = refused
    await failing(it.keeper.token())
    it.login = undefined
    it.credentials = 'second'
    await it.keeper.token()
    it.keeper.forget()
    it.credentials = 'first'
    await it.keeper.token()
    expect(it.logins).toBe(3)
  })

  it('by a proxy is none of OpenBao’s', async () => {
    const it = start()
    it.login = failure('unauthenticated', 'proxy')
    for (let times = 0; times < 5; times += 1) await failing(it.keeper.token())
    expect(it.logins).toBe(5)
  })

  it('by another method is tried again after 5 s, then ever less often, up to a minute', async () => {
    const it = start({ method: 'kubernetes' })
    it.login = refused
    const at: number[] = []
    for (let second = 0; second < 180; second += 1) {
      const before = it.logins
      await failing(it.keeper.token())
      if (it.logins > before) at.push(second)
      await it.clock.advance(1_000)
    }
    expect(at).toEqual([0, 5, 15, 35, 75, 135])
  })

  it('for want of a server is not held against the credentials', async () => {
    const it = start()
    it.login = failure('unavailable', 'refused')
    for (let times = 0; times < 5; times += 1)
      expect(await failing(it.keeper.token())).toMatchObject({ code: 'unavailable' })
    expect(it.logins).toBe(5)
  })

  it('says when it is tried again', async () => {
    const it = start()
    it.login = refused
    await failing(it.keeper.token())
    expect(await failing(it.keeper.token())).toMatchObject({ retryAfterMs: 60_000 })
  })
})

describe('a keeper that forgets', () => {
  it('takes no token of a login begun before', async () => {
    const it = start()
    const early = it.keeper.token()
    it.keeper.forget()
    const late = await it.keeper.token()
    expect(await early).not.toBe(late)
    expect(await it.keeper.token()).toBe(late)
  })

  it('leaves no timer behind when it is closed', async () => {
    const it = start()
    await it.keeper.token()
    await it.keeper.close()
    expect(it.clock.waiting).toBe(0)
  })
})
