import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { eachLine } from './each-line.ts'

const linesOf = async (...chunks: readonly string[]): Promise<string[]> => {
  const lines: string[] = []
  const stream = Readable.from(chunks.map((chunk) => Buffer.from(chunk)))
  eachLine(stream, (line) => lines.push(line))
  await new Promise((resolve) => stream.on('end', resolve))
  return lines
}

describe('the lines of a stream', () => {
  it('are told without their ends, however they arrive; the last one too', async () => {
    expect(await linesOf('a\nb', 'c\n\nd')).toEqual(['a', 'bc', '', 'd'])
    expect(await linesOf('a\n')).toEqual(['a'])
  })

  it('are cut where they are too long', async () => {
    const [line, next] = await linesOf('x'.repeat(60_000), `${'x'.repeat(60_000)}\nnext`)
    expect([line?.length, next]).toEqual([65_536, 'next'])
  })
})
