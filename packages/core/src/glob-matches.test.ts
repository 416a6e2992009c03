import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { globMatches } from './glob-matches.ts'

describe('a glob', () => {
  it.each([
    ['app/*', 'app/db'],
    ['app/*', 'app/a/b'],
    ['app/*', 'app/'],
    ['*', ''],
    ['*', 'anything at all\n'],
    ['a?c', 'abc'],
    ['*/db', 'a/b/db'],
    ['a*b*c', 'aXbXbXc'],
    ['a.c', 'a.c'],
    ['[ab]', '[ab]'],
    ['', ''],
  ])('%j takes %j', (pattern, text) => {
    expect(globMatches(pattern, text)).toBe(true)
  })

  it.each([
    ['app/*', 'app'],
    ['app/*', 'xapp/db'],
    ['app', 'app/db'],
    ['App/*', 'app/db'],
    ['a?c', 'ac'],
    ['a.c', 'abc'],
    ['[ab]', 'a'],
    ['*/db', 'db'],
    ['a*b', 'ab\n'],
    ['', 'a'],
  ])('%j does not take %j', (pattern, text) => {
    expect(globMatches(pattern, text)).toBe(false)
  })

  it('agrees with the regular expression that says the same', () => {
    const piece = fc.constantFrom('a', 'b', '/', '*', '**', '?', '.')
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 8 }),
        fc.array(fc.constantFrom('a', 'b', '/', '.'), { maxLength: 10 }),
        (pieces, characters) => {
          const [pattern, text] = [pieces.join(''), characters.join('')]
          const source = pattern.replaceAll('.', '\\.').replaceAll(/\*+/g, '.*').replaceAll('?', '.')
          expect(globMatches(pattern, text)).toBe(new RegExp(`^${source}$`, 's').test(text))
        },
      ),
      { numRuns: 2_000 },
    )
  })

  it('takes no time that a caller could stretch', () => {
    const startedAtMs = performance.now()
    expect(globMatches(`${'*a'.repeat(50)}b`, 'a'.repeat(2_000))).toBe(false)
    expect(performance.now() - startedAtMs).toBeLessThan(2_000)
  })
})
