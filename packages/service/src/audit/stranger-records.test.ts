import { fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { StrangerRecords } from './stranger-records.ts'

describe('requests without a known key', () => {
  it('are recorded once for an address, and as their number a minute later', async () => {
    const clock = fakeClock()
    const records: object[] = []
    const strangers = new StrangerRecords({ clock, audit: { append: async (record) => void records.push(record) } })
    for (let time = 0; time < 1_000; time += 1) await strangers.refused({ address: '192.0.2.7', requestId: `r${time}` })
    await strangers.refused({ address: '192.0.2.8', requestId: 'other' })
    expect(records).toMatchObject([
      { actor: '-', decision: 'deny', requestId: 'r0', detail: { address: '192.0.2.7' } },
      { requestId: 'other', detail: { address: '192.0.2.8' } },
    ])
    await clock.advance(60_000)
    expect(records.slice(2)).toMatchObject([{ actor: '-', detail: { address: '192.0.2.7', more: '999' } }])
    await strangers.refused({ address: '192.0.2.7', requestId: 'later' })
    await strangers.close()
    expect(records).toHaveLength(4)
    expect(clock.waiting).toBe(0)
  })

  it('from ever new addresses do not fill the log', async () => {
    const records: object[] = []
    const audit = { append: async (record: object) => void records.push(record) }
    const strangers = new StrangerRecords({ clock: fakeClock(), audit })
    for (let host = 0; host < 10_000; host += 1)
      await strangers.refused({ address: `10.0.${host >> 8}.${host & 255}`, requestId: 'r' })
    await strangers.close()
    expect(records).toHaveLength(256 + 1 + 1)
    expect(records.at(-1)).toMatchObject({ detail: { address: 'others', more: String(10_000 - 256 - 1) } })
  })
})
