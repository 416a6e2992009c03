import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { changesTarget, encodeChange, parseChange } from './changes.ts'
import { EventStreamReader, type ServerSentEvent } from './event-stream.ts'

const read = (...pieces: string[]): ServerSentEvent[] => {
  const reader = new EventStreamReader()
  return pieces.flatMap((piece) => reader.push(piece))
}

describe('a stream of events', () => {
  it('is read by lines of any ending', () => {
    const event = { event: 'changed', data: 'a\nb', lastEventId: '1' }
    for (const end of ['\n', '\r\n', '\r'])
      expect(read(['id: 1', 'event:changed', 'data: a', 'data:b', '', '', ':'].join(end))).toEqual([event])
  })

  it('passes comments, unknown fields and events without data over, and keeps the last id', () => {
    const text = ': hello\n\nid: 1\n\nfoo: bar\nevent: x\n\ndata\n\ndata: y\nid: a\0b\n\n'
    expect(read(text)).toEqual([
      { event: 'message', data: '', lastEventId: '1' },
      { event: 'message', data: 'y', lastEventId: '1' },
    ])
  })

  it('tells how long to wait after a cut', () => {
    const reader = new EventStreamReader()
    reader.push('\ufeffretry: 250\nretry: soon\n')
    expect(reader.retryMs).toBe(250)
  })

  it('is the same however it is cut', () => {
    const line = fc.constantFrom('data: a', 'data:b', 'id: 7', 'event: changed', ': c', '', '', 'retry: 1')
    const text = fc.array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\r'))).map((lines) => lines.flat().join(''))
    fc.assert(
      fc.property(text, fc.array(fc.nat({ max: 60 })), (whole, cuts) => {
        const places = [0, ...cuts.map((cut) => Math.min(cut, whole.length)).sort((a, b) => a - b), whole.length]
        const pieces = places.map((place, index) => whole.slice(place, places[index + 1]))
        // The line that follows settles whether a last CR was half a line end.
        expect(read(...pieces, ':\n')).toEqual(read(whole, ':\n'))
      }),
    )
  })

  it('does not grow without end', () => {
    const reader = new EventStreamReader()
    const push = (): void => {
      for (let count = 0; count < 100; count++) reader.push(`data: ${'x'.repeat(1_000)}\n`)
    }
    expect(push).toThrow('does not end')
    expect(() => new EventStreamReader().push('x'.repeat(70_000))).toThrow('does not end')
  })
})

describe('a change', () => {
  it('comes back as it was sent, named as it is read', () => {
    const change = { kind: 'changed', tool: 'payments', secret: 'a/b', versionId: '7' } as const
    const [event] = read(encodeChange(change, '12'))
    expect(event?.lastEventId).toBe('12')
    expect(event && parseChange(event)).toEqual({ kind: 'changed', id: 'payments/a/b', version: '7' })
    const [gap] = read(encodeChange({ kind: 'resync' }, '13'))
    expect(gap && parseChange(gap)).toEqual({ kind: 'resync' })
  })

  it('of a kind that is not known is none', () => {
    expect(parseChange({ event: 'message', data: '' })).toBeUndefined()
  })

  it.each(['', '7', 'null', '{}', '{"tool":"a","secret":""}', '{"tool":1,"secret":"a"}'])(
    'without a secret (%j) is nonsense',
    (data) => expect(() => parseChange({ event: 'deleted', data })).toThrow('names no secret'),
  )

  it('is asked for by environment', () => expect(changesTarget('a&b')).toBe('/v1/events?environment=a%26b'))
})
