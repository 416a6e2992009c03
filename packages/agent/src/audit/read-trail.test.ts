import { type AuditRecord, SecretsError, type SecretVersion, TextValue } from '@keyplane/core'
import { fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { ReadTrail } from './read-trail.ts'

const version = (id: string): SecretVersion => ({ id: `arn:${id}`, version: `v-${id}`, value: new TextValue('canary') })

const start = () => {
  const clock = fakeClock()
  const batches: AuditRecord[][] = []
  const told: string[] = []
  const disk: { failure: Error | undefined; closed: boolean } = { failure: undefined, closed: false }
  const note = (_facts: object, message: string): void => void told.push(message)
  const trail = new ReadTrail({
    batches: {
      write: (records) => {
        if (disk.failure) throw disk.failure
        batches.push([...records])
      },
      close: () => {
        disk.closed = true
      },
    },
    clock,
    log: { error: note, info: note },
  })
  return { clock, batches, told, disk, trail }
}

describe('the trail of reads', () => {
  it('has a record of each read: who, what, which version, and how it went', async () => {
    const { clock, batches, trail } = start()
    trail.note({ ref: { id: 'a', as: 'role' }, client: 'web', outcome: 'fetched', version: version('a') })
    trail.note({ ref: { id: 'b' }, outcome: 'failed', error: new SecretsError('access_denied', 'no') })
    trail.note({ ref: { id: 'c' }, outcome: 'failed', error: new SecretsError('timeout', 'late') })
    trail.note({ ref: { id: 'd' }, outcome: 'stale', version: version('d') })
    await clock.advance(1_000)
    const [batch = []] = batches
    expect(batch.map(({ actor, resource, decision, detail }) => [actor, resource, decision, detail])).toEqual([
      ['client:web', 'arn:a', 'allow', { version: 'v-a', outcome: 'fetched', role: 'role' }],
      ['token', 'b', 'deny', { outcome: 'failed', error: 'access_denied' }],
      ['token', 'c', 'error', { outcome: 'failed', error: 'timeout' }],
      ['token', 'arn:d', 'allow', { version: 'v-d', outcome: 'stale' }],
    ])
    expect(new Set(batch.map(({ requestId }) => requestId)).size).toBe(4)
    expect(JSON.stringify(batches)).not.toContain('canary')
  })

  it('counts cached reads: one record a second for each caller and version, none lost', async () => {
    const { clock, batches, trail } = start()
    const [a, b] = [version('a'), version('b')]
    for (let read = 0; read < 500; read += 1) {
      trail.hit(a, undefined)
      trail.hit(a, 'web')
      if (read % 5 === 0) trail.hit(b, undefined)
    }
    await clock.advance(1_000)
    const counts = batches.flat().map(({ actor, resource, detail }) => [actor, resource, detail?.['count']])
    expect(counts).toEqual([
      ['token', 'arn:a', '500'],
      ['token', 'arn:b', '100'],
      ['client:web', 'arn:a', '500'],
    ])
    trail.hit(a, undefined)
    await clock.advance(5_000)
    expect(batches).toHaveLength(2)
    expect(batches[1]?.[0]).toMatchObject({ atMs: Date.UTC(2026, 0, 1) + 1_000, detail: { count: '1' } })
    expect(clock.waiting).toBe(0)
  })

  it('tells cached reads by a role from those by none', async () => {
    const { clock, batches, trail } = start()
    const a = version('a')
    trail.note({ ref: { id: 'a' }, outcome: 'hit', version: a })
    for (const as of ['one', 'two', 'one']) trail.note({ ref: { id: 'a', as }, outcome: 'hit', version: a })
    await clock.advance(1_000)
    expect(batches.flat().map(({ detail }) => [detail?.['role'], detail?.['count']])).toEqual([
      [undefined, '1'],
      ['one', '2'],
      ['two', '1'],
    ])
  })

  it('that can’t be written allows no further read, loses none, and goes on when it can', async () => {
    const { clock, batches, told, disk, trail } = start()
    const a = version('a')
    disk.failure = Object.assign(new Error('full'), { code: 'ENOSPC' })
    expect(trail.hit(a, undefined)).toBe(true)
    await clock.advance(1_000)
    expect(trail.hit(a, undefined)).toBe(false)
    expect(trail.note({ ref: { id: 'a' }, outcome: 'fetched', version: a })).toBe(false)
    await clock.advance(10_000)
    expect(told).toEqual(['The audit log can not be written; no read is allowed until it can.'])
    disk.failure = undefined
    await clock.advance(1_000)
    expect(batches.flat()).toMatchObject([{ resource: 'arn:a', detail: { count: '1' } }])
    expect(trail.hit(a, undefined)).toBe(true)
    expect(told).toHaveLength(2)
  })

  it('writes what waits when it ends', () => {
    const { batches, disk, trail } = start()
    trail.hit(version('a'), undefined)
    trail.close()
    expect([batches.length, disk.closed]).toEqual([1, true])
  })
})
