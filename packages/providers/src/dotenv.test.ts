import dotenv from 'dotenv'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDotenv } from './dotenv.ts'

const entriesOf = (text: string): Record<string, string> => Object.fromEntries(parseDotenv(text).entries)

/** What the format is made of, to be put together at random. */
const pieces =
  `A~b.c-d~=~ = ~: ~:~"~'~\`~\\~\\n~\\r~\\"~\\'~#~ # ~\n~\n\n~\r\n~\r~export ~ ~\t~value~é🔑~\uFEFF~$~\nKEY=~\nKEY="~\nKEY='~\nexport K=~{"a":1}~\u2028~\u2028"`.split(
    '~',
  )

describe('a dotenv file', () => {
  it.each([
    ['A=1', { A: '1' }],
    ['export A = 1 # one', { A: '1' }],
    ['\uFEFFA=1\r\nB=2\rC=3', { A: '1', B: '2', C: '3' }],
    ["A='x # y'\nB=\"x\\ny\"\nC=`a'b\"c`\nD='x\\ny'", { A: 'x # y', B: 'x\ny', C: 'a\'b"c', D: 'x\\ny' }],
    ['A="line one\nline two" # end\nB=2', { A: 'line one\nline two', B: '2' }],
    ['A=\nB=""\nC', { A: '', B: '' }],
    ['A: 1\nA=2', { A: '2' }],
    ['a.b-c=1', { 'a.b-c': '1' }],
    ['', {}],
  ])('%j', (text, entries) => {
    expect(entriesOf(text)).toEqual(entries)
  })

  it('reports malformed lines by their numbers, never by their content', () => {
    const { entries, malformed } = parseDotenv('# c\nA=1\nsecret words\n\n"B"=2\nC="\n\n"\nnope\nD="open\nE=1\n')
    expect(Object.fromEntries(entries)).toEqual({ A: '1', C: '\n\n', D: '"open', E: '1' })
    expect(malformed).toEqual([{ line: 3 }, { line: 5 }, { line: 9 }, { line: 10 }])
    expect(JSON.stringify(malformed)).not.toContain('secret')
  })

  it('finds nothing wrong with blanks and comments', () => {
    expect(parseDotenv(' \n\t# c\n#\nA=1 #\n  B=2  \n\n').malformed).toEqual([])
  })

  it('takes any text of 256 KiB in its stride', () => {
    const pieces = [
      '\n',
      ' ',
      ' \n',
      '\r',
      '=',
      'a',
      'a\n',
      'a=\n',
      "a='",
      'a="x\n',
      'export\n',
      '\\"',
      '#\n',
      'a= ',
      '\u2028',
    ]
    // What looks back for each character takes an hour for these.
    for (const start of ['', 'a="', "a='", 'a=`', 'a=', 'a'])
      for (const piece of [...pieces, '\u2028"x', 'a="1#c\u2028', "\\'#"])
        parseDotenv(start + piece.repeat(262_144 / piece.length))
  }, 60_000)

  it('says what the dotenv package says, of any text', () => {
    const piece = fc.constantFrom(...pieces)
    const text = fc.oneof(
      fc.array(piece, { maxLength: 24 }).map((chosen) => chosen.join('')),
      fc.string(),
    )
    fc.assert(
      fc.property(text, (source) => {
        expect(entriesOf(source)).toEqual(dotenv.parse(source))
      }),
      { numRuns: 5_000 },
    )
  })
})
