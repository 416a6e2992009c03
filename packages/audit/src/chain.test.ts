import type { AuditRecord } from '@keyplane/core'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalRecord } from './canonical-record.ts'
import { type ChainHead, type ChainLink, newChain, nextLink } from './chain.ts'
import { memoryAuditSink } from './sinks/memory.ts'
import { type NumberedRecord, verifyChain } from './verify.ts'

const recordOf = (index: number): AuditRecord => ({
  atMs: 1_000 + index,
  actor: 'arn:aws:iam::000000000000:user/developer',
  action: 'secretsmanager:GetSecretValue',
  resource: `secret-${index}`,
  decision: 'allow',
  requestId: `r${index}`,
  detail: { VersionId: `v${index}` },
})

interface Stored {
  head: ChainHead
  links: ChainLink[]
  records: NumberedRecord[]
}

/** A chain of batches with 1, 2, 3 and 4 records. */
const stored = (): Stored => {
  let head = newChain('c1')
  const links: ChainLink[] = []
  const records: NumberedRecord[] = []
  for (const size of [1, 2, 3, 4]) {
    const batch = Array.from({ length: size }, (_, index) => recordOf(head.records + index + 1))
    const next = nextLink(head, batch)
    batch.forEach((record, index) => records.push({ seq: head.records + index + 1, record }))
    links.push(next.link)
    head = next.head
  }
  return { head, links, records }
}

const verdict = (edit: (chain: Stored) => void) => {
  const chain = stored()
  edit(chain)
  return verifyChain(chain.head, chain.links, chain.records)
}

const at = <T>(list: readonly T[], index: number): T => {
  const item = list[index]
  if (item === undefined) throw new Error('no such item')
  return item
}

describe('verifyChain', () => {
  it('accepts a whole chain and gives its head', async () => {
    const { head } = stored()
    expect(await verdict(() => undefined)).toEqual({ ok: true, head })
    expect(await verifyChain(newChain('empty'), [], [])).toMatchObject({ ok: true })
  })

  it('finds an edit of any field of a record, and the link it is under', async () => {
    const fields = { atMs: 5, actor: 'x', action: 'x', resource: 'x', decision: 'deny', requestId: 'x', detail: {} }
    for (const [field, value] of Object.entries(fields)) {
      const result = await verdict(({ records }) => {
        records[4] = { seq: 5, record: { ...at(records, 4).record, [field]: value } }
      })
      expect(result).toMatchObject({ ok: false, problem: 'records_altered', link: 3, record: 4 })
    }
  })

  it('names a deleted record by its number', async () => {
    for (let index = 0; index < 10; index += 1)
      expect(await verdict(({ records }) => void records.splice(index, 1))).toMatchObject({
        ok: false,
        problem: 'record_missing',
        record: index + 1,
      })
  })

  it('finds two records that changed places, within a batch and between batches', async () => {
    const swap = (a: number, b: number) =>
      verdict(({ records }) => {
        const [first, second] = [at(records, a), at(records, b)]
        records[a] = { seq: first.seq, record: second.record }
        records[b] = { seq: second.seq, record: first.record }
      })
    expect(await swap(1, 2)).toMatchObject({ problem: 'records_altered', link: 2 })
    expect(await swap(0, 9)).toMatchObject({ problem: 'records_altered', link: 1 })
  })

  it('finds a record that was slipped in, at the end too', async () => {
    expect(await verdict(({ records }) => void records.splice(3, 0, { seq: 3, record: recordOf(3) }))).toMatchObject({
      problem: 'record_unexpected',
    })
    expect(await verdict(({ records }) => void records.push({ seq: 11, record: recordOf(11) }))).toMatchObject({
      problem: 'record_unexpected',
      record: 11,
    })
  })

  it('finds a link that is missing, altered, or out of its place', async () => {
    expect(await verdict(({ links }) => void links.splice(1, 1))).toMatchObject({ problem: 'link_missing', link: 2 })
    expect(await verdict(({ links }) => void links.reverse())).toMatchObject({ problem: 'link_missing', link: 1 })
    const edited = { chainId: 'c2', firstRecord: 9, recordCount: 9, recordsHash: new Uint8Array(32) }
    for (const [field, value] of Object.entries({
      ...edited,
      previousHash: new Uint8Array(32),
      hash: new Uint8Array(32),
    }))
      expect(
        await verdict(({ links }) => {
          links[1] = { ...at(links, 1), [field]: value }
        }),
      ).toMatchObject({ problem: 'link_altered', link: 2 })
  })

  it('finds a link that was made anew over edited records', async () => {
    expect(
      await verdict(({ links, records }) => {
        const forged = { ...recordOf(1), actor: 'nobody' }
        records[0] = { seq: 1, record: forged }
        links[0] = nextLink(newChain('c1'), [forged]).link
      }),
    ).toMatchObject({ problem: 'link_altered', link: 2 })
  })

  it('finds an end that was cut off together with its records', async () => {
    expect(
      await verdict(({ links, records }) => {
        links.pop()
        records.splice(6)
      }),
    ).toMatchObject({ problem: 'end_missing', link: 4, record: 7 })
  })

  it('finds a record that cannot be read, and which', async () => {
    const { head, links, records } = stored()
    const read = records.map(({ seq, record }) => ({ seq, record: seq === 5 ? ('unreadable' as const) : record }))
    expect(await verifyChain(head, links, read)).toMatchObject({ problem: 'records_altered', link: 3, record: 5 })
  })

  it('finds a chain that was made anew from its start', async () => {
    expect(
      await verdict(({ links, records }) => {
        const forged = nextLink(newChain('c1'), [recordOf(1)])
        links.splice(0, 4, forged.link)
        records.splice(1)
      }),
    ).toMatchObject({ ok: false, problem: 'end_missing' })
  })
})

describe('a record as bytes', () => {
  it('differs for any two records that differ, however their texts are split', () => {
    const arbitrary = fc.record(
      {
        atMs: fc.nat(),
        actor: fc.string(),
        action: fc.string(),
        resource: fc.string(),
        decision: fc.constantFrom('allow' as const, 'deny' as const, 'error' as const),
        requestId: fc.string(),
        detail: fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }),
      },
      { requiredKeys: ['atMs', 'actor', 'action', 'resource', 'decision', 'requestId'] },
    )
    const sorted = (record: AuditRecord) =>
      JSON.stringify(
        [record, record.detail && Object.entries(record.detail).sort(([a], [b]) => (a < b ? -1 : 1))],
        (k, v) => (k === 'detail' ? undefined : v),
      )
    fc.assert(
      fc.property(arbitrary, arbitrary, (a, b) => {
        expect(Buffer.from(canonicalRecord(a)).equals(canonicalRecord(b))).toBe(sorted(a) === sorted(b))
      }),
    )
  })

  it('does not depend on the order in which details were given', () => {
    const record = recordOf(1)
    expect(canonicalRecord({ ...record, detail: { a: '1', b: '2' } })).toEqual(
      canonicalRecord({ ...record, detail: { b: '2', a: '1' } }),
    )
  })
})

describe('the memory sink', () => {
  it('links records of one turn together and keeps a chain that verifies', async () => {
    const sink = memoryAuditSink('m')
    await Promise.all([sink.append(recordOf(1)), sink.append(recordOf(2))])
    await sink.append(recordOf(3))
    expect(sink.links.map((link) => link.recordCount)).toEqual([2, 1])
    expect(await verifyChain(sink.head, sink.links, sink.records)).toMatchObject({ ok: true })
  })
})
