import { type Clock, SecretsError, systemRandom } from '@keyplane/core'
import { type FakeClock, fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { GrantedToken, type Login } from './login.ts'
import { fingerprintOf } from './logins/credential.ts'
import { type LoginRefusal, MemoryRefusals, type RefusalLedger } from './refusal-ledger.ts'
import { TokenKeeper } from './token-keeper.ts'

const refusal = new SecretsError('unauthenticated', 'canned', { reason: 'login_refused' })

/** OpenBao as far as it counts: the fifth refusal without a pause of a quarter of an hour locks the role. */
class CountingBao {
  readonly #clock: Clock
  valid = 'valid'
  /** When each refused login was, in seconds. */
  readonly refused: number[] = []
  logins = 0
  #count = 0
  #lastMs = Number.NEGATIVE_INFINITY
  isLocked = false
  /** Each login waits for it. */
  delay: Promise<void> = Promise.resolve()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async login(secretId: string): Promise<GrantedToken> {
    await this.delay
    this.logins += 1
    if (secretId === this.valid && !this.isLocked) {
      this.#count = 0
      return new GrantedToken('token', { ttlMs: 600_000, renewable: true })
    }
    const nowMs = this.#clock.monotonicMs()
    this.#count = nowMs - this.#lastMs > 900_000 ? 1 : this.#count + 1
    this.#lastMs = nowMs
    this.isLocked ||= this.#count >= 5
    this.refused.push(nowMs / 1_000)
    throw refusal
  }
}

/** The ledger of a database: what is kept outlives processes, and each act takes a moment. */
class Database implements RefusalLedger {
  readonly memory = new MemoryRefusals()
  isAway = false
  asked = 0

  async update<T extends { readonly kept: readonly LoginRefusal[] }>(
    role: string,
    step: (kept: readonly LoginRefusal[]) => T,
  ): Promise<T> {
    this.asked += 1
    await new Promise((resolve) => setImmediate(resolve))
    if (this.isAway) throw new SecretsError('unavailable', 'canned')
    return this.memory.update(role, step)
  }
}

interface Process {
  secretId: string
  readonly keeper: TokenKeeper
}

const startFleet = () => {
  const clock = fakeClock()
  const bao = new CountingBao(clock)
  const database = new Database()
  /** A process of its own: nothing in memory is shared with the others. */
  const start = (secretId: string): Process => {
    const own: Process = {
      secretId,
      keeper: new TokenKeeper({
        login: loginBy(() => own.secretId, bao),
        ask: () => expect.unreachable(),
        clock: { ...clock },
        random: systemRandom,
        source: 'openbao',
        places: ['https://bao '],
        refusals: database,
      }),
    }
    return own
  }
  return { clock, bao, database, start }
}

const loginBy = (secretId: () => string, bao: CountingBao): Login => ({
  method: 'approle',
  present: async () => ({
    fingerprint: fingerprintOf(secretId()),
    role: 'app',
    grant: () => bao.login(secretId()),
  }),
})

/** What became of it, as time goes on. */
const asked = async (clock: FakeClock, ...processes: readonly Process[]): Promise<readonly unknown[]> => {
  const state = { isOver: false }
  const all = Promise.all(
    processes.map(({ keeper }) =>
      keeper.token().then(
        () => 'granted',
        (error: SecretsError) => error.code,
      ),
    ),
  ).finally(() => {
    state.isOver = true
  })
  while (!state.isOver) await clock.advance(10)
  return all
}

describe('processes that share a ledger of refused logins', () => {
  it('try a stale secret id twice between them, then not until OpenBao has forgotten it', async () => {
    const { clock, bao, start } = startFleet()
    const replicas = ['stale', 'stale', 'stale'].map(start)
    while (clock.monotonicMs() < 3_000_000) {
      expect(await asked(clock, ...replicas)).toEqual(Array(3).fill('unauthenticated'))
      await clock.advance(5_000)
    }
    expect(bao.isLocked).toBe(false)
    expect(bao.refused).toHaveLength(6)
    for (const [index, second] of bao.refused.entries())
      expect(
        bao.refused.filter((other) => other > second - 900 && other <= second).length,
        `no. ${index}`,
      ).toBeLessThan(3)
  })

  it('lock no role, however often each is started again', async () => {
    const { clock, bao, start } = startFleet()
    for (let starts = 0; starts < 400; starts += 1) {
      await asked(clock, start('stale'))
      await clock.advance(5_000)
    }
    expect(bao.isLocked).toBe(false)
    expect(bao.refused.length).toBeLessThanOrEqual(4)
  })

  it('lock no role, whatever secret ids they have', async () => {
    const { clock, bao, start } = startFleet()
    await asked(clock, ...Array.from({ length: 12 }, (_, index) => start(`stale ${index}`)))
    expect(bao.refused).toHaveLength(4)
    expect(bao.isLocked).toBe(false)
  })

  it('lock no role though each is killed while it logs in', async () => {
    const { clock, bao, start } = startFleet()
    bao.delay = new Promise(() => undefined)
    for (let starts = 0; starts < 20; starts += 1) {
      void start('stale')
        .keeper.token()
        .catch(() => undefined)
      await clock.advance(11_000)
    }
    bao.delay = Promise.resolve()
    expect(await asked(clock, start('stale'))).toEqual(['unavailable'])
    expect(bao.refused).toEqual([])
    await clock.advance(960_000)
    expect(await asked(clock, start('valid'))).toEqual(['granted'])
  })

  it('log in all at once where they may', async () => {
    const { clock, bao, start } = startFleet()
    expect(await asked(clock, ...Array.from({ length: 8 }, () => start('valid')))).toEqual(Array(8).fill('granted'))
    expect(bao.logins).toBe(8)
  })

  it('try another secret id at once, and what was refused is forgotten once it is taken', async () => {
    const { clock, bao, start } = startFleet()
    const [one, other] = [start('stale'), start('stale')] as const
    await asked(clock, one)
    await clock.advance(60_000)
    await asked(clock, other)
    await clock.advance(10_000)
    one.secretId = 'valid'
    expect(await asked(clock, one)).toEqual(['granted'])
    await clock.advance(5_000)
    expect(await asked(clock, other)).toEqual(['unauthenticated'])
    expect(bao.refused).toHaveLength(3)
  })

  it('ask it about a login that is held back every five seconds, not at each read', async () => {
    const { clock, database, start } = startFleet()
    const replica = start('stale')
    await asked(clock, replica)
    const before = database.asked
    for (let reads = 0; reads < 500; reads += 1) await asked(clock, replica)
    expect(database.asked - before).toBeLessThanOrEqual(1 + clock.monotonicMs() / 5_000)
  })

  it('count each by itself while it is away, and together afterwards what they met meanwhile', async () => {
    const { clock, bao, database, start } = startFleet()
    const [one, other] = [start('stale'), start('stale')] as const
    database.isAway = true
    await asked(clock, one)
    await clock.advance(60_000)
    for (let reads = 0; reads < 20; reads += 1) {
      await asked(clock, one)
      await clock.advance(5_000)
    }
    expect(bao.refused).toHaveLength(2)
    database.isAway = false
    await asked(clock, one)
    expect(await asked(clock, other)).toEqual(['unauthenticated'])
    expect(bao.refused).toHaveLength(2)
  })

  it('wait no longer than a second for one that hangs', async () => {
    const { clock, bao, start, database } = startFleet()
    database.update = () => new Promise(() => undefined)
    const startMs = clock.monotonicMs()
    expect(await asked(clock, start('valid'))).toEqual(['granted'])
    expect(clock.monotonicMs() - startMs).toBeLessThan(1_100)
    expect(bao.logins).toBe(1)
  })

  it('count what had no answer, for OpenBao may come to it yet, but not against who was taken before', async () => {
    const { clock, bao, database, start } = startFleet()
    const [known, other] = [start('valid'), start('stale')] as const
    expect(await asked(clock, known)).toEqual(['granted'])
    bao.delay = Promise.reject(new SecretsError('timeout', 'canned'))
    bao.delay.catch(() => undefined)
    for (let tries = 0; tries < 6; tries += 1) {
      known.keeper.forget()
      expect(await asked(clock, known)).toEqual(['timeout'])
      await clock.advance(5_000)
    }
    expect(database.memory.of('app')).toEqual([])
    const codes: unknown[] = []
    for (let tries = 0; tries < 6; tries += 1) {
      codes.push(...(await asked(clock, other)))
      await clock.advance(5_000)
    }
    expect(codes).toEqual([...Array(4).fill('timeout'), 'unavailable', 'unavailable'])
    bao.delay = Promise.resolve()
    await clock.advance(960_000)
    expect(await asked(clock, known)).toEqual(['granted'])
  })

  it('count nothing that was surely not asked', async () => {
    const { clock, bao, database, start } = startFleet()
    for (const reason of ['refused', 'not_asked', 'sealed']) {
      bao.delay = Promise.reject(new SecretsError('unavailable', 'canned', { reason }))
      bao.delay.catch(() => undefined)
      expect(await asked(clock, start('valid'))).toEqual(['unavailable'])
      expect(database.memory.of('app')).toEqual([])
    }
  })

  it('leave behind that a login has ended, though its process ends', async () => {
    const { clock, bao, database, start } = startFleet()
    let cut = (): void => undefined
    bao.delay = new Promise((_, reject) => {
      cut = () => reject(new SecretsError('closed', 'canned'))
    })
    const replica = start('valid')
    const token = replica.keeper.token().catch(() => undefined)
    await clock.advance(10)
    const closed = replica.keeper.close()
    cut()
    await closed
    await token
    expect(database.memory.of('app')).toMatchObject([{ end: 'unknown' }])
  })

  it('take back nothing of what others were told while the ledger was away', async () => {
    const { clock, database, start } = startFleet()
    const [one, other] = [start('stale'), start('stale')] as const
    await asked(clock, one)
    await clock.advance(60_000)
    await asked(clock, other)
    database.isAway = true
    await clock.advance(5_000)
    await asked(clock, one, other)
    database.isAway = false
    database.memory.keep('app', [])
    one.secretId = 'valid'
    await clock.advance(15_000)
    expect(await asked(clock, one)).toEqual(['granted'])
    expect(database.memory.of('app')).toEqual([])
  })
})
