import { describe, expect, it } from 'vitest'
import { matches, parseTranscript } from './transcript.ts'

describe('a transcript', () => {
  it('is read into commands and what has to come of them', () => {
    expect(parseTranscript('# why\n& keyplane dev\n\n$ keyplane x\nout\n! err\n! more\n= 64\n')).toEqual([
      { line: 2, command: 'keyplane dev', background: true, stdout: [], stderr: [], code: 0 },
      { line: 4, command: 'keyplane x', background: false, stdout: ['out'], stderr: ['err', 'more'], code: 64 },
    ])
  })

  it('takes nothing for what it expects but that', () => {
    expect(matches(['a.b'], 'a.b')).toBe(true)
    expect(matches(['a.b'], 'axb')).toBe(false)
    expect(matches([], 'a')).toBe(false)
    expect(matches(['a'], '')).toBe(false)
    expect(matches(['a … z', '…', 'end'], 'a to z\nmore\n\nstill more\nend\n')).toBe(true)
    expect(matches(['a … z'], 'a to y')).toBe(false)
    expect(matches(['a', '…'], 'b\na')).toBe(false)
  })
})
