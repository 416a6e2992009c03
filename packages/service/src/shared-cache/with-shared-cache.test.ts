import { SecretsError } from '@keyplane/core'
import { memoryProvider } from '@keyplane/secrets/providers'
import { describeProvider, fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { openReplica, type ReplicaOptions, textOf, ttlMs } from '../../test/cache-replica.ts'
import { ChangingSource } from '../../test/changing-source.ts'
import { MemoryEntries } from '../../test/memory-entries.ts'

const minute = 60_000
const down = new SecretsError('unavailable', 'down')
const denied = new SecretsError('access_denied', 'no')
const fresh = { freshness: { maxAgeMs: 0 } }

/** Two replicas over one source that has `a`, and what they share. */
const start = async (more: Partial<ReplicaOptions> = {}) => {
  const clock = fakeClock()
  const entries = new MemoryEntries(clock)
  const source = new ChangingSource()
  source.put('a', 'value-canary-5d1c')
  const [one, two] = [
    await openReplica({ entries, clock, seed: 1, ...more }),
    await openReplica({ entries, clock, seed: 2, ...more }),
  ]
  const heard: string[] = []
  const other = two.over(source, (id) => heard.push(id))
  return { clock, entries, source, one, two, own: one.over(source), other, heard }
}

describeProvider(
  'memory behind a shared cache',
  async (seed) => {
    const clock = fakeClock()
    const { over } = await openReplica({ entries: new MemoryEntries(clock), clock, seed: 1 })
    const secrets = Object.fromEntries(seed.map(({ name, value }) => [name, value.reveal()]))
    return { provider: over(memoryProvider({ secrets })), clock }
  },
  { describe, it },
  {
    denies: 'memory refuses nothing',
    silence: 'memory is always there',
    babble: 'memory makes sense',
    identities: 'memory knows no roles',
  },
)

const altered = (bytes: Uint8Array): Uint8Array => bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte))

describe('a shared cache', () => {
  it('gives one replica what another read, as old as it is', async () => {
    const { clock, source, own, other } = await start()
    await textOf(own, 'a')
    const readAtMs = clock.nowMs()
    await clock.advance(4 * minute)
    const version = await other.get({ id: 'a' })
    expect(version.value.reveal()).toBe('value-canary-5d1c')
    expect(version).toMatchObject({ id: 'a', version: '1', stages: ['current'], confirmedAtMs: readAtMs })
    expect(version.failure).toBeUndefined()
    expect(source.reads).toHaveLength(1)
  })

  it('asks the source for what is expired, or about to be', async () => {
    const { clock, source, own, other } = await start()
    await textOf(own, 'a')
    await clock.advance(ttlMs * 0.91)
    await textOf(other, 'a')
    expect(source.reads).toHaveLength(2)
    await clock.advance(1)
    await textOf(own, 'a')
    expect(source.reads).toHaveLength(2)
  })

  it('keeps neither values nor names that could be read', async () => {
    const { entries, own } = await start()
    await textOf(own, 'a')
    await own.get({ id: 'payments/api-key' }).catch(() => {})
    const everything = [...entries.held].map(([key, { bytes }]) => key + Buffer.from(bytes).toString('latin1')).join()
    expect(entries.held.size).toBeGreaterThan(3)
    expect(everything).not.toMatch(/value-canary|payments|production/)
  })

  it.each(['unavailable', 'timeout', 'rate_limited', 'bad_response', 'source_misconfigured'] as const)(
    'covers %s by what is expired, within its time, and says why',
    async (code) => {
      const { clock, source, own, other } = await start()
      await textOf(own, 'a')
      const readAtMs = clock.nowMs()
      const failure = new SecretsError(code, 'x')
      source.failure = failure
      await clock.advance(ttlMs + 59 * minute)
      expect(await other.get({ id: 'a' })).toMatchObject({ confirmedAtMs: readAtMs, failure })
      await clock.advance(minute)
      await expect(textOf(other, 'a')).rejects.toBe(failure)
    },
  )

  it('covers nothing where an answer from the source is wanted', async () => {
    const { source, own } = await start()
    await textOf(own, 'a')
    source.failure = down
    await expect(textOf(own, 'a', fresh)).rejects.toBe(down)
  })

  it('takes back what is refused, for all, and covers no failure by it afterwards', async () => {
    const { clock, source, own, other, heard } = await start()
    await textOf(own, 'a')
    await clock.advance(ttlMs)
    source.failure = denied
    await expect(textOf(own, 'a')).rejects.toBe(denied)
    await clock.advance(1)
    expect(heard).toEqual([])
    source.failure = down
    await expect(textOf(other, 'a')).rejects.toBe(down)
  })

  it('leaves to the others what one process has no login for any more', async () => {
    const { clock, source, own, other } = await start()
    await textOf(own, 'a')
    await clock.advance(ttlMs)
    source.failure = new SecretsError('unauthenticated', 'Its login is refused.', { reason: 'login_refused' })
    await expect(textOf(own, 'a')).rejects.toBe(source.failure)
    await clock.advance(1)
    source.failure = down
    expect(await textOf(other, 'a')).toBe('value-canary-5d1c')
  })

  it('evicts what is gone, tells the others, and repeats it for a moment only', async () => {
    const { clock, source, own, other, heard } = await start()
    await textOf(own, 'a')
    await textOf(other, 'a')
    source.remove('a')
    await clock.advance(1)
    await expect(textOf(own, 'a', fresh)).rejects.toMatchObject({ code: 'secret_not_found' })
    await clock.advance(1)
    expect(heard).toEqual(['a'])
    const reads = source.reads.length
    await expect(textOf(other, 'a')).rejects.toMatchObject({ code: 'secret_not_found' })
    expect(source.reads).toHaveLength(reads)
    source.put('a', 'back')
    await clock.advance(5_000)
    expect(await textOf(other, 'a')).toBe('back')
  })

  it('writes through what is read anew, and tells the others where it is another value', async () => {
    const { clock, source, own, other, heard } = await start()
    await textOf(own, 'a')
    await textOf(other, 'a')
    await clock.advance(1)
    await textOf(own, 'a', fresh)
    await clock.advance(1)
    expect(heard).toEqual([])
    source.put('a', 'second')
    await textOf(own, 'a', fresh)
    await clock.advance(1)
    expect(heard).toEqual(['a'])
    expect(await textOf(other, 'a')).toBe('second')
    expect(source.reads).toHaveLength(3)
  })

  it('is not set back by a read that began before a change', async () => {
    const { clock, source, own, other } = await start()
    source.hold()
    const early = textOf(own, 'a')
    await clock.advance(10)
    source.put('a', 'second')
    await other.forget({ id: 'a' })
    source.release?.()
    expect(await early).toBe('value-canary-5d1c')
    await clock.advance(10)
    expect(await textOf(other, 'a')).toBe('second')
  })

  it('takes nothing from the others that is older than what it knows', async () => {
    const { clock, entries, source, own, other } = await start()
    await textOf(own, 'a')
    await clock.advance(1)
    source.put('a', 'second')
    const { setUnlessYounger } = entries
    entries.setUnlessYounger = () => Promise.reject(new SecretsError('bad_response', 'lost'))
    entries.remove = () => Promise.reject(new SecretsError('bad_response', 'lost'))
    expect(await textOf(own, 'a', fresh)).toBe('second')
    entries.setUnlessYounger = setUnlessYounger
    expect(await textOf(other, 'a')).toBe('value-canary-5d1c')
    expect(await textOf(own, 'a')).toBe('second')
  })

  it('keeps nothing of a value that it can’t keep, not even the one before', async () => {
    const { clock, source, own, other, heard } = await start()
    for (const value of ['x'.repeat(2_000_000), 'half a pair: \ud800']) {
      await textOf(own, 'a')
      await clock.advance(1)
      source.put('a', value)
      await textOf(own, 'a', fresh)
      await clock.advance(1)
      expect(await textOf(other, 'a')).toBe(value)
      source.put('a', 'value')
      await textOf(own, 'a', fresh)
      await clock.advance(1)
    }
    expect(heard).toEqual([])
  })

  it('takes no name that is no text for another', async () => {
    const { source, own } = await start()
    source.put('a\ufffd', 'other')
    await textOf(own, 'a\ufffd')
    await expect(textOf(own, 'a\ud800')).rejects.toMatchObject({ code: 'secret_not_found' })
  })

  it('gives nothing after its time that is still there', async () => {
    const { clock, entries, source, own, other } = await start()
    await textOf(own, 'a')
    await clock.advance(1)
    for (const [key, held] of entries.held) entries.held.set(key, { ...held, untilMs: Number.POSITIVE_INFINITY })
    source.failure = down
    await clock.advance(ttlMs + 60 * minute)
    await expect(textOf(other, 'a')).rejects.toBe(down)
  })

  it('does not tell a replica of what it saw itself', async () => {
    const { clock, source, one, other } = await start()
    const told: string[] = []
    const own = one.over(source, (id) => told.push(id))
    await textOf(own, 'a')
    await textOf(other, 'a')
    await own.forget({ id: 'a' })
    await clock.advance(1)
    expect(told).toEqual([])
    await other.forget({ id: 'a' })
    expect(told).toEqual(['a'])
  })

  it('keeps nothing that is leased, and nothing that is read in a role', async () => {
    const { clock, entries, source, own } = await start()
    source.leaseFor = 'a'
    source.put('b', 'x')
    await textOf(own, 'a')
    await own.get({ id: 'b', as: 'role' })
    await clock.advance(10)
    expect([...entries.held.keys()].filter((key) => key.startsWith('record:'))).toEqual([])
  })

  it('opens no record in another place, of another key, nor one that was altered: told once', async () => {
    const { clock, entries, source, own, one, other, two } = await start()
    source.put('b', 'value of b')
    for (const id of ['a', 'b']) await textOf(own, id)
    await clock.advance(1)
    const records = [...entries.held].filter(([key]) => key.startsWith('record:'))
    const [[nameOfA, a], [nameOfB, b]] = records as [(typeof records)[0], (typeof records)[0]]
    entries.held.set(nameOfA, b)
    entries.held.set(nameOfB, { ...a, bytes: altered(a.bytes) })
    const reads = source.reads.length
    expect(await textOf(other, 'a')).toBe('value-canary-5d1c')
    expect(await textOf(other, 'b')).toBe('value of b')
    expect(source.reads).toHaveLength(reads + 2)
    expect(new Set(two.problems).size).toBe(1)
    // Made younger than it is.
    await clock.advance(1)
    const [, again] = [...entries.held].find(([key]) => key === nameOfA) ?? expect.unreachable()
    const moved = Buffer.concat([
      Buffer.from(String(Number(Buffer.from(again.bytes.subarray(0, 16)).toString()) + 2).padStart(16, '0')),
      again.bytes.subarray(16),
    ])
    entries.held.set(nameOfA, { ...again, bytes: moved })
    await textOf(other, 'a')
    expect(source.reads).toHaveLength(reads + 3)
    expect(one.problems).toEqual([])
  })

  it('of another environment has other names, and opens none of its records', async () => {
    const { clock, entries, source, own } = await start()
    await textOf(own, 'a')
    await clock.advance(1)
    const [[name, record]] = [...entries.held].filter(([key]) => key.startsWith('record:')) as [[string, never]]
    const staging = await openReplica({ entries, clock, seed: 3, environment: 'staging' })
    const its = staging.sealer.nameOf({ environment: 'staging', source: 'openbao', path: 'a' })
    expect(name).not.toContain(its)
    entries.held.set(`record:${its}`, record)
    await textOf(staging.over(source), 'a')
    expect(source.reads).toHaveLength(2)
    expect(staging.problems).toHaveLength(1)
  })

  it('is cold with another root key, and right', async () => {
    const { clock, entries, source, own } = await start()
    await textOf(own, 'a')
    const stranger = await openReplica({ entries, clock, seed: 3, rootKeyByte: 8 })
    expect(await textOf(stranger.over(source), 'a')).toBe('value-canary-5d1c')
    expect(source.reads).toHaveLength(2)
    expect(stranger.problems.join()).toContain('cold')
  })

  it('passes over anything that could lie there', async () => {
    const { clock, entries, own, other } = await start()
    await textOf(own, 'a')
    await clock.advance(1)
    const [name, held] = [...entries.held].find(([key]) => key.startsWith('record:')) ?? expect.unreachable()
    const cuts = Array.from({ length: held.bytes.length }, (_, end) => held.bytes.subarray(0, end))
    for (const bytes of [...cuts, Buffer.from('{}'), Buffer.alloc(10_000, 255), Buffer.from('0'.repeat(400))]) {
      entries.held.set(name, { ...held, bytes })
      expect(await textOf(other, 'a')).toBe('value-canary-5d1c')
      entries.held.set(name, { ...held, bytes })
      await clock.advance(1)
    }
  })

  it('that was wiped is filled again, under the same names and keys', async () => {
    const { clock, entries, source, one, two, own, other } = await start()
    await textOf(own, 'a')
    entries.held.clear()
    await one.keyring.upkeep()
    await two.keyring.upkeep()
    await textOf(own, 'a')
    await clock.advance(1)
    await textOf(other, 'a')
    expect(source.reads).toHaveLength(2)
  })
})
