import { setTimeout as wait } from 'node:timers/promises'
import { systemClock } from '@keyplane/core'
import { memoryProvider } from '@keyplane/secrets/providers'
import { describeProvider } from '@keyplane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openReplica } from '../../../packages/service/test/cache-replica.ts'
import { describeEntries } from '../../../packages/service/test/describe-entries.ts'
import { GuardedEntries } from '../../../packages/service/src/shared-cache/guarded-entries.ts'
import { RedisEntries } from '../../../packages/service/src/shared-cache/redis-entries.ts'
import { Certificates } from '../../../packages/service/test/certificates.ts'
import { freePort } from '../openbao/bao-server.ts'
import { RedisServer } from './redis-server.ts'

const server = new RedisServer()
beforeAll(() => server.start())
afterAll(() => server.remove())

const nowMs = (): number => Date.now()
let used = 0

const open = async (prefix: string): Promise<RedisEntries> => {
  const entries = new RedisEntries({ url: server.url, prefix, nowMs })
  await entries.opened
  return entries
}

describeProvider(
  'memory behind a cache in Redis',
  async (seed) => {
    const entries = await open(`provider-${(used += 1)}:`)
    const { over } = await openReplica({ entries, clock: systemClock, seed: used })
    const secrets = Object.fromEntries(seed.map(({ name, value }) => [name, value.reveal()]))
    return { provider: over(memoryProvider({ secrets })), stop: () => entries.close() }
  },
  { describe, it },
  {
    denies: 'memory refuses nothing',
    silence: 'memory is always there',
    babble: 'memory makes sense',
    identities: 'memory knows no roles',
  },
)

describe('entries in Redis', () => {
  describeEntries(
    async () => {
      const prefix = `test-${(used += 1)}:`
      const [one, other] = [await open(prefix), await open(prefix)]
      const listens = () => server.own.pubsub('NUMSUB', `${prefix}changes`)
      await expect.poll(listens).toEqual([`${prefix}changes`, 2])
      return { one, other, nowMs, pass: (ms) => wait(ms), stop: async () => {} }
    },
    { it },
  )

  it('are there although this process was too busy to hear them in time', async () => {
    const entries = await open('b:')
    const states: boolean[] = []
    const guarded = new GuardedEntries(entries, { clock: systemClock, onState: (isThere) => states.push(isThere) })
    await guarded.set('a', Buffer.from('kept'), 60_000)
    const asked = guarded.get('a')
    const untilMs = performance.now() + 200
    while (performance.now() < untilMs);
    expect(String(await asked)).toBe('kept')
    expect(states).toEqual([])
    guarded.close()
  })

  it('tell of what Redis refuses, and ask it again now and then', async () => {
    const granted = ['on', '>first', '~r:*', '&r:*', '+get', '+set', '+ping', '+info']
    await server.own.call('ACL', 'SETUSER', 'limited', ...granted)
    const problems: string[] = []
    const onProblem = (problem: string): void => void problems.push(problem)
    const login = { username: 'limited', password: () => 'first' }
    const entries = new RedisEntries({ url: server.url, prefix: 'r:', nowMs, ...login, onProblem })
    await entries.opened
    await expect(entries.setUnlessYounger('a', Buffer.from('0'), 1_000)).rejects.toMatchObject({ code: 'bad_response' })
    await expect
      .poll(() => problems.toSorted())
      .toEqual(['Redis refuses EVAL (NOPERM).', 'Redis refuses SUBSCRIBE (NOPERM).'])
    const received = async (): Promise<string | undefined> =>
      /total_connections_received:(\d+)/.exec(await server.own.info('stats'))?.[1]
    const before = await received()
    await wait(1_000)
    expect(await received()).toBe(before)
    await server.own.call('ACL', 'SETUSER', 'limited', '+subscribe', '+publish')
    let gaps = 0
    entries.subscribe({ onMessage: () => {}, onGap: () => (gaps += 1) })
    entries.checkListening()
    await expect.poll(() => gaps).toBe(1)
    entries.close()
  })

  it('log in by the password of that moment, and say why they can’t', async () => {
    const allow = (password: string) =>
      server.own.call('ACL', 'SETUSER', 'exchanged', 'on', 'resetpass', `>${password}`, '~*', '&*', '+@all')
    await allow('first')
    let password = 'first'
    const login = { username: 'exchanged', password: () => password }
    const entries = new RedisEntries({ url: server.url, prefix: 'p:', nowMs, ...login })
    await entries.opened
    await allow('second')
    await server.own.call('CLIENT', 'KILL', 'USER', 'exchanged')
    const failure = (): Promise<string> => entries.get('a').then(() => 'none', String)
    await expect.poll(failure).toContain('(WRONGPASS)')
    password = 'second'
    await expect.poll(failure, { timeout: 5_000 }).toBe('none')
    entries.close()
  })

  it('say which failure is Redis’s absence, and which its refusal; never what was to be put', async () => {
    const entries = await open('x:')
    const bytes = Buffer.from('canary-0b1e')
    await server.own.config('SET', 'maxmemory', '1')
    await expect(entries.set('a', bytes, 1_000)).rejects.toMatchObject({ code: 'rate_limited' })
    await expect(entries.setUnlessYounger('a', bytes, 1_000)).rejects.toMatchObject({ code: 'rate_limited' })
    await entries.remove('a')
    await server.own.config('SET', 'maxmemory', '0')
    await server.kill()
    await expect(entries.set('a', bytes, 1_000)).rejects.toMatchObject({ code: 'unavailable' })
    expect(String(await entries.set('a', bytes, 1_000).catch(String))).not.toContain('canary')
    let gaps = 0
    entries.subscribe({ onMessage: () => {}, onGap: () => (gaps += 1) })
    await server.start()
    await expect
      .poll(
        () =>
          entries.get('a').then(
            () => gaps,
            () => 0,
          ),
        { timeout: 5_000 },
      )
      .toBe(1)
    entries.close()
  })

  it('are had by TLS from whom the CA vouches for, with the rights that the documentation names', async () => {
    const certificates = new Certificates().issue('redis')
    const [secure, port] = [new RedisServer(), await freePort()]
    const files = ['cert', 'redis.pem', 'key', 'redis.key', 'ca-cert', 'ca.pem'] as const
    const tls = [0, 2, 4].flatMap((at) => [`--tls-${files[at]}-file`, certificates.path(files[at + 1] ?? '')])
    try {
      await secure.start(['--tls-port', String(port), '--tls-auth-clients', 'no', ...tls])
      const rights = '~keyplane:* &keyplane:* +get +set +del +eval +publish +subscribe +ping +info'
      await secure.own.call('ACL', 'SETUSER', 'service', 'on', '>canary-41c7', ...rights.split(' '))
      const login = { username: 'service', password: () => 'canary-41c7', prefix: 'keyplane:', nowMs }
      const url = `rediss://127.0.0.1:${port}`
      const entries = new RedisEntries({ ...login, url, ca: certificates.text('ca.pem') })
      await entries.opened
      const heard: string[] = []
      entries.subscribe({ onMessage: (message) => heard.push(message), onGap: () => {} })
      await expect.poll(() => secure.own.pubsub('NUMSUB', 'keyplane:changes')).toEqual(['keyplane:changes', 1])
      await entries.set('a', Buffer.from('x'), 1_000)
      await entries.setIfAbsent('b', Buffer.from('x'))
      await entries.setUnlessYounger('a', Buffer.from('y'), 1_000)
      expect(Buffer.from((await entries.get('a')) ?? []).toString()).toBe('y')
      await entries.remove('a')
      await entries.publish('message')
      entries.checkListening()
      await expect.poll(() => heard).toEqual(['message'])
      entries.close()
      const stranger = new RedisEntries({ ...login, url })
      await stranger.opened
      await expect(stranger.get('a')).rejects.toMatchObject({ code: 'unavailable' })
      stranger.close()
    } finally {
      await secure.remove()
      certificates.remove()
    }
  })
})
