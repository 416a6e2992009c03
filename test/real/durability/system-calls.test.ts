import { describe, expect, it } from 'vitest'
import { early, parseTrace } from './system-calls.ts'

const wal = '30</data/store.sqlite-wal>'
const answer = '7 1000.000900 write(33<TCP:[127.0.0.1:1->127.0.0.1:2]>, "x-amzn-requestid: r1", 20) = 20 <0.000010>'
const written = `8 1000.000200 pwrite64(${wal}, "\\0", 24, 0) = 24 <0.000010>`
const call = [{ requestId: 'r1', sentAtMs: 1_000_000.1 }]
const judged = (...lines: string[]): string[] => early(parseTrace(lines.join('\n')), call)

describe('the check of a trace', () => {
  it('is content where the sync came back before the acknowledgement left', () => {
    expect(judged(written, `8 1000.000300 fsync(${wal}) = 0 <0.000500>`, answer)).toEqual([])
  })

  it('follows a sync that another thread interrupted', () => {
    const begun = `8 1000.000300 fsync(${wal} <unfinished ...>`
    expect(judged(written, begun, '8 1000.000700 <... fsync resumed>) = 0 <0.000400>', answer)).toEqual([])
    expect(judged(written, begun, answer, '8 1000.001000 <... fsync resumed>) = 0 <0.000700>')).toHaveLength(1)
  })

  it('has what an interrupted read has read', () => {
    const begun = '8 1000.000300 read(31<TCP:[127.0.0.1:3->127.0.0.1:4]>,  <unfinished ...>'
    const ended = '8 1000.000700 <... read resumed>"COMMIT", 65536) = 6 <0.000400>'
    const read = parseTrace([begun, answer, ended].join('\n')).find(({ name }) => name === 'read')
    expect(read).toMatchObject({ target: 'TCP:[127.0.0.1:3->127.0.0.1:4]', text: expect.stringContaining('COMMIT') })
  })

  it('finds an acknowledgement without a sync, with one that came too late, and with one of something else', () => {
    expect(judged(written, answer)).toHaveLength(1)
    expect(judged(written, `8 1000.000300 fsync(${wal}) = 0 <0.000700>`, answer)).toHaveLength(1)
    expect(judged(written, '8 1000.000300 fsync(31</data/other>) = 0 <0.000100>', answer)).toHaveLength(1)
    expect(judged(`8 1000.000150 fsync(${wal}) = 0 <0.000010>`, written, answer)).toHaveLength(1)
  })

  it('finds an acknowledgement that is not in the trace', () => {
    expect(judged(written)).toEqual(['r1: its acknowledgement is not in the trace'])
  })
})
